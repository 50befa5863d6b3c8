// The device form of Home Assistant's MQTT discovery, as far as the locks use it: what is documented, and nothing else.
import { Ajv } from 'ajv';

const text = { type: 'string', minLength: 1 };
const topic = { type: 'string', minLength: 1, not: { pattern: '[+#\\u0000]' } };
const template = { type: 'string', pattern: '\\{[{%]' };
const flag = { type: 'boolean' };

const common = {
  p: text,
  name: text,
  unique_id: { type: 'string', pattern: '^[A-Za-z0-9_-]+$' },
  icon: { type: 'string', pattern: '^mdi:[a-z-]+$' },
  json_attributes_topic: topic,
  json_attributes_template: template,
};

function component(platform: string, own: object, required: readonly string[]) {
  return {
    type: 'object',
    properties: { ...common, ...own, p: { const: platform } },
    required: ['p', 'name', 'unique_id', ...required],
    additionalProperties: false,
  };
}

const seen = { state_topic: topic, value_template: template };
const done = { command_topic: topic, command_template: template, retain: flag };

const SCHEMA = {
  type: 'object',
  properties: {
    dev: {
      type: 'object',
      properties: {
        ids: { type: 'array', items: text, minItems: 1 },
        name: text,
        mf: text,
        mdl: text,
      },
      required: ['ids', 'name'],
      additionalProperties: false,
    },
    o: {
      type: 'object',
      properties: { name: text, sw: text, url: { type: 'string', pattern: '^https://' } },
      required: ['name'],
      additionalProperties: false,
    },
    availability: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: { topic, value_template: template },
        required: ['topic'],
        additionalProperties: false,
      },
    },
    qos: { enum: [0, 1, 2] },
    cmps: {
      type: 'object',
      minProperties: 1,
      additionalProperties: {
        type: 'object',
        discriminator: { propertyName: 'p' },
        required: ['p'],
        oneOf: [
          component('binary_sensor', seen, ['state_topic']),
          component('sensor', seen, ['state_topic']),
          component('event', { ...seen, event_types: { type: 'array', items: text, minItems: 1 } }, [
            'state_topic',
            'event_types',
          ]),
          component(
            'switch',
            { ...seen, ...done, payload_on: text, payload_off: text, state_on: text, state_off: text },
            ['command_topic'],
          ),
          component('button', done, ['command_topic']),
        ],
      },
    },
  },
  required: ['dev', 'o', 'cmps'],
  additionalProperties: false,
};

const validate = new Ajv({ discriminator: true, allErrors: true }).compile(SCHEMA);

/** What Home Assistant would not take of a message; empty when it takes it all. */
export function objectionsTo(message: unknown): readonly string[] {
  validate(message);
  return (validate.errors ?? []).map(({ instancePath, message: what }) => `${instancePath} ${what}`);
}
