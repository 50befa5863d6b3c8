// Home Assistant as far as it reads discovery: makes entities of the messages, renders their templates with a real engine,
// and publishes what they are told to. It is another client of the simulated broker.
import assert from 'node:assert/strict';
import { Template } from '@huggingface/jinja';
import { objectionsTo } from './discovery-schema';
import type { SimulatedBroker, SimulatedTransport } from './simulated-broker';

interface Component {
  readonly p: string;
  readonly unique_id: string;
  readonly state_topic?: string;
  readonly value_template?: string;
  readonly json_attributes_topic?: string;
  readonly json_attributes_template?: string;
  readonly command_topic?: string;
  readonly command_template?: string;
  readonly retain?: boolean;
  readonly event_types?: readonly string[];
}

interface Device {
  readonly dev: { readonly ids: readonly string[]; readonly name: string };
  readonly availability: readonly { readonly topic: string; readonly value_template: string }[];
  readonly cmps: Readonly<Record<string, Component>>;
}

/** The topics on which Home Assistant takes the message of a device: with or without the name of a node in it. */
const DISCOVERY = /^device\/(?:[A-Za-z0-9_-]+\/)?[A-Za-z0-9_-]+\/config$/;

export class HomeAssistant {
  readonly prefix: string;
  readonly devices = new Map<string, Device>();
  /** What the event entities have told, by the name of the device. */
  readonly events: [device: string, event: Record<string, unknown>][] = [];
  readonly #transport: SimulatedTransport;
  readonly #broker: SimulatedBroker;
  readonly #payloads = new Map<string, string>();
  #count = 0;

  constructor(broker: SimulatedBroker, prefix = 'homeassistant') {
    this.prefix = prefix;
    this.#broker = broker;
    this.#transport = broker.client({ clientId: 'home assistant', will: () => undefined, reconnects: true });
    this.#transport.onMessage(({ topic, payload, retain }) =>
      this.#hear(topic, new TextDecoder().decode(payload), retain),
    );
    this.#transport.onConnection((connected) => {
      if (connected) void this.#transport.subscribe('#');
    });
  }

  start(): void {
    this.#transport.start();
  }

  stop(): Promise<void> {
    return this.#transport.stop();
  }

  /** It says that it has started. */
  announce(): void {
    this.#broker.publish(`${this.prefix}/status`, 'online');
  }

  get names(): readonly string[] {
    return [...this.devices.values()].map(({ dev }) => dev.name).sort();
  }

  device(name: string): Device {
    const device = [...this.devices.values()].find(({ dev }) => dev.name === name);
    if (device === undefined) throw new Error(`there is no device ${name}`);
    return device;
  }

  isAvailable(name: string): boolean {
    return this.device(name).availability.every(
      ({ topic, value_template }) => this.#rendered(value_template, this.#payloads.get(topic)) === 'online',
    );
  }

  /** What an entity shows; `undefined` before it knows. */
  state(name: string, key: string): string | undefined {
    const { state_topic, value_template } = this.#component(name, key);
    const payload = this.#payloads.get(state_topic ?? '');
    return payload === undefined ? undefined : this.#rendered(value_template ?? '', payload);
  }

  attributes(name: string, key: string): Record<string, unknown> {
    const { json_attributes_topic, json_attributes_template } = this.#component(name, key);
    const payload = this.#payloads.get(json_attributes_topic ?? '');
    if (payload === undefined) return {};
    return JSON.parse(
      json_attributes_template === undefined ? payload : this.#rendered(json_attributes_template, payload),
    );
  }

  turn(name: string, key: string, value: 'on' | 'off'): void {
    this.#command(name, key, value);
  }

  press(name: string, key: string): void {
    this.#command(name, key, 'PRESS');
  }

  #command(name: string, key: string, value: string): void {
    const { command_topic = '', command_template = '', retain = false } = this.#component(name, key);
    this.#count += 1;
    const now = `2026-01-01T12:00:00.00000${this.#count}+00:00`;
    const payload = new Template(command_template).render({
      value,
      this: { attributes: this.attributes(name, key) },
      now: () => ({ isoformat: () => now }),
    });
    this.#broker.publish(command_topic, payload.trim(), { retain });
  }

  #component(name: string, key: string): Component {
    const component = this.device(name).cmps[key];
    if (component === undefined) throw new Error(`${name} has no ${key}`);
    return component;
  }

  #hear(topic: string, payload: string, retain: boolean): void {
    if (payload === '') this.#payloads.delete(topic);
    else this.#payloads.set(topic, payload);
    if (topic.startsWith(`${this.prefix}/device/`)) this.#discover(topic, payload);
    else if (!retain && payload !== '') this.#tell(topic, payload);
  }

  #discover(topic: string, payload: string): void {
    assert.match(topic.slice(this.prefix.length + 1), DISCOVERY);
    if (payload === '') {
      this.devices.delete(topic);
      return;
    }
    const message = JSON.parse(payload);
    assert.deepEqual(objectionsTo(message), []);
    this.devices.set(topic, message);
  }

  #tell(topic: string, payload: string): void {
    for (const { dev, cmps } of this.devices.values()) {
      for (const { p, state_topic, value_template, event_types } of Object.values(cmps)) {
        if (p !== 'event' || state_topic !== topic) continue;
        const text = this.#rendered(value_template ?? '', payload);
        if (text === '') continue;
        const event = JSON.parse(text);
        assert.ok(event_types?.includes(event.event_type), text);
        this.events.push([dev.name, event]);
      }
    }
  }

  #rendered(template: string, payload: string | undefined): string {
    const value_json: unknown = payload === undefined ? undefined : JSON.parse(payload);
    return new Template(template)
      .render({ value: payload, ...(value_json !== undefined && { value_json }) })
      .trim();
  }
}
