// Opens registries. They live in this module, by the broker and the prefix on which they are, so that all who name the
// same ones have the same locks, and so that a deploy, which closes and opens them, loses nothing.
import { DEFAULT_PREFIX } from '../mqtt/arbiter-context';
import { systemClock } from '../protocol';
import { brokerIdentity, brokerPlace, makeBroker } from './brokers';
import { type Environment, LocalRegistry } from './local-registry';
import { ownName } from './own-name';
import { openPast } from './own-past';
import type { Registry, RegistrySettings } from './registry';

const registries = new Map<string, LocalRegistry>();

/**
 * The registry of a broker and a prefix: the one that is there, which takes over what has changed in the settings, or a
 * new one, which begins to start.
 * @throws {RangeError} that says what is wrong with the settings.
 */
export function openRegistry(settings: RegistrySettings, environment: Partial<Environment> = {}): Registry {
  const identity = identityOf(settings);
  const there = registries.get(identity);
  if (there !== undefined) {
    there.adopt(settings);
    return there.use();
  }
  const before = stopRivals(settings);
  const registry = makeRegistry(settings, environment, () => {
    if (registries.get(identity) === registry) registries.delete(identity);
  });
  registries.set(identity, registry);
  embeddedPorts.set(registry, portOf(settings));
  registry.start(before);
  return registry.use();
}

function makeRegistry(
  settings: RegistrySettings,
  { clock = systemClock, log = SILENT, timing }: Partial<Environment>,
  onStopped: () => void,
): LocalRegistry {
  const { broker, prefix = DEFAULT_PREFIX, folder } = settings;
  const warn = (text: string) => log.warn(text);
  const place = `${prefix} ${brokerPlace(broker)}`;
  return new LocalRegistry({
    ...{ settings, clock, log, timing, onStopped },
    ownName: () => ownName(folder, warn),
    ...(folder !== undefined && { openPast: (now) => openPast({ ...now, folder, place, clock, warn }) }),
    makeBroker: () => makeBroker({ settings: broker, prefix, folder, clock, log }),
  });
}

/** The open registry of this name; without a name, the only one that is open. */
export function findRegistry(name?: string): Registry | undefined {
  const all = [...registries.values()];
  if (name === undefined) return all.length === 1 ? all[0] : undefined;
  return all.find((registry) => registry.name === name);
}

/** Stops every registry, whoever uses it; resolves when nothing of them is left. */
export async function closeAllRegistries(): Promise<void> {
  await Promise.all([...registries.values()].map((registry) => registry.stop()));
}

const SILENT: Environment['log'] = { info: () => undefined, warn: () => undefined };

/** The port that a registry's broker was to listen on. */
const embeddedPorts = new WeakMap<LocalRegistry, number | undefined>();

/** A registry that nobody uses any more must not keep the port of one that is wanted now. */
function stopRivals(settings: RegistrySettings): Promise<unknown> {
  const port = portOf(settings);
  if (port === undefined) return Promise.resolve();
  const rivals = [...registries.values()].filter(
    (registry) => registry.isLingering && embeddedPorts.get(registry) === port,
  );
  return Promise.all(rivals.map((registry) => registry.stop()));
}

function portOf({ broker }: RegistrySettings): number | undefined {
  return broker.kind === 'embedded' && broker.port !== 0 ? broker.port : undefined;
}

function identityOf({ broker, prefix = 'locks', folder }: RegistrySettings): string {
  return `${prefix} ${brokerIdentity(broker, folder)}`;
}
