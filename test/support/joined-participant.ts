// A participant that has joined an arbiter that is worked by hand.
import type { Answer } from '../../src/mqtt/messages';
import type { ClaimOp } from '../../src/mqtt/session-messages';
import { HandArbiter, type HandArbiterOptions } from './hand-arbiter';
import { ParticipantScene, type ParticipantSceneOptions } from './participant-scene';
import type { SimulatedBroker } from './simulated-broker';

export interface Joined {
  readonly scene: ParticipantScene;
  readonly arbiter: HandArbiter;
}

export async function joined(
  options: ParticipantSceneOptions = {},
  arbiterOptions: HandArbiterOptions = {},
  broker?: SimulatedBroker,
): Promise<Joined> {
  const scene = new ParticipantScene(broker, options);
  const arbiter = await new HandArbiter(scene.broker, arbiterOptions).start();
  await scene.start();
  await scene.settle(1_000);
  return { scene, arbiter };
}

/** Grants every claim, with tokens that grow; a claim that is asked for again is told the same. */
export function granting(more: Partial<Answer> = {}): (op: ClaimOp) => Partial<Answer> | undefined {
  const tokens = new Map<string, number>();
  return (op) => {
    if (op.op !== 'claim') return undefined;
    const token = tokens.get(op.id) ?? tokens.size + 1;
    tokens.set(op.id, token);
    return { result: 'granted', token, ...more };
  };
}
