// How Home Assistant is told of a resource: one message that makes it a device, with what can be seen of it and done to
// it. What is done arrives as claims and forced ends like those of any other device.

import { EVENTS } from './event-names';
import { encodeLevel } from './names';
import { sha256 } from './sha-256';
import type { Topics } from './topics';

/** The name of Home Assistant as a requester, and the prefix under which it looks for devices unless told otherwise. */
export const HOME_ASSISTANT = 'homeassistant';

/** What a message needs to know beside the resource. */
export interface DiscoveryNames {
  readonly topics: Topics;
  /** Home Assistant’s own prefix. */
  readonly prefix: string;
  /** The priority with which it holds. */
  readonly manual: number;
}

const ORIGIN = { name: 'priority-redlock', url: 'https://github.com/priority-redlock/node-red' };

/** What Home Assistant does not take more of as a state. */
const LONGEST_STATE = 255;
const LONGEST_SLUG = 40;
const ID_BYTES = 8;

/** Whether Home Assistant’s own prefix can be that, in a topic. */
export function isDiscoveryPrefix(prefix: string): boolean {
  return prefix !== '' && prefix.split('/').every((level) => level !== '' && encodeLevel(level) === level);
}

/** A filter for all messages of the locks under a prefix. */
export function allDiscovery({ topics, prefix }: DiscoveryNames): string {
  return `${prefix}/device/${nodeId(topics)}/+/config`;
}

/** Where Home Assistant says that it has started. */
export function birthTopic({ prefix }: Pick<DiscoveryNames, 'prefix'>): string {
  return `${prefix}/status`;
}

export function discoveryTopic(resource: string, { topics, prefix }: DiscoveryNames): string {
  return `${prefix}/device/${nodeId(topics)}/${objectId(resource)}/config`;
}

/** The message that makes the resource a device. */
export function discoveryMessage(resource: string, { topics, manual }: DiscoveryNames): string {
  const id = `${nodeId(topics)}_${objectId(resource)}`;
  const state = topics.state(resource);
  const components = {
    held: { ...held(), state_topic: state },
    holder: { ...holder(), state_topic: state, json_attributes_topic: state },
    event: { ...event(resource), state_topic: topics.event },
    hold: { ...hold(manual), state_topic: state, command_topic: topics.claim(HOME_ASSISTANT, resource) },
    free: { ...free(), json_attributes_topic: state, command_topic: topics.force(HOME_ASSISTANT, resource) },
  };
  const named = Object.entries(components).map(([key, component]) => [
    key,
    { ...component, unique_id: `${id}_${key}` },
  ]);
  return JSON.stringify({
    dev: { ids: [id], name: resource, mf: 'Priority Redlock', mdl: `lock under ${topics.prefix}` },
    o: ORIGIN,
    availability: [
      {
        topic: topics.arbiter,
        value_template: "{{ 'online' if (value_json | default({})).online else 'offline' }}",
      },
    ],
    qos: 1,
    cmps: Object.fromEntries(named),
  });
}

const STATE = '{% set state = value_json | default({}) %}';

function held() {
  return {
    p: 'binary_sensor',
    name: 'Held',
    icon: 'mdi:lock',
    value_template: `${STATE}{{ 'ON' if state.state in ['held', 'revoking'] else 'OFF' }}`,
  };
}

function holder() {
  return {
    p: 'sensor',
    name: 'Holder',
    icon: 'mdi:account-lock',
    value_template: `${STATE}{{ (state.holder | default('nobody'))[:${LONGEST_STATE}] }}`,
  };
}

function event(resource: string) {
  const fields = ['locker', 'requester', 'priority', 'level', 'reason'];
  const parts = fields.map((field) => `'${field}': told.${field} | default('')`);
  return {
    p: 'event',
    name: 'Event',
    icon: 'mdi:lock-clock',
    event_types: Object.keys(EVENTS),
    value_template:
      `{% set told = value_json | default({}) %}` +
      `{% if ${quoted(resource)} in (told.resources | default([])) %}` +
      `{{ {'event_type': told.event, ${parts.join(', ')}} | tojson }}{% endif %}`,
  };
}

/** A claim that stands until it is switched off; each time it is switched on is a wish of its own. */
function hold(manual: number) {
  const claims = '(state.claims | default([])) + (state.waiting | default([]))';
  return {
    p: 'switch',
    name: 'Hold manually',
    icon: 'mdi:hand-back-right',
    retain: true,
    payload_on: 'on',
    payload_off: 'off',
    state_on: 'on',
    state_off: 'off',
    command_template: `{% if value == 'on' %}{"priority":${manual},"id":"{{ now().isoformat() }}"}{% endif %}`,
    value_template:
      `${STATE}{% set ours = (${claims}) | selectattr('requester', 'equalto', '${HOME_ASSISTANT}') | list %}` +
      `{{ 'on' if ours | length > 0 else 'off' }}`,
  };
}

/** Ends the hold that Home Assistant shows, whose token is an attribute of the button; 0 is that of no hold. */
function free() {
  return {
    p: 'button',
    name: 'Free',
    icon: 'mdi:lock-open-variant',
    json_attributes_template: `${STATE}{{ {'token': state.token | default(0)} | tojson }}`,
    command_template: '{"token":{{ this.attributes.token | default(0) }}}',
  };
}

/** As a text in a template. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

function nodeId({ prefix }: Topics): string {
  return `redlock_${hash(prefix)}`;
}

/** Readable as far as it may be, and different for each name. */
function objectId(resource: string): string {
  const slug = resource
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .slice(0, LONGEST_SLUG);
  return `${slug}_${hash(resource)}`;
}

function hash(text: string): string {
  const digest = sha256(new TextEncoder().encode(text)).slice(0, ID_BYTES);
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
