// Claims that are left standing on the broker, as a device leaves them: made, answered, withdrawn.
import type { MqttConnection } from '../mqtt/connection';
import type { Answer, ClaimMessage } from '../mqtt/messages';
import { readAnswer } from '../mqtt/read-message';
import type { Topics } from '../mqtt/topics';
import { systemClock } from '../protocol';

/** How long an answer is waited for, in ms. */
const ANSWER_WAIT_MS = 5_000;

export interface Standing {
  readonly connection: MqttConnection;
  readonly topics: Topics;
  readonly requester: string;
}

/** The name of a claim of these resources: with it, it can be withdrawn later. */
function claimName(resources: readonly string[]): string {
  return resources.join(' + ');
}

/** Makes the claim; resolves to the answer to this very message, or `undefined` when nobody answers. */
export async function makeClaim(
  { connection, topics, requester }: Standing,
  message: ClaimMessage & { readonly id: string; readonly resources: readonly string[] },
): Promise<Answer | undefined> {
  const name = claimName(message.resources);
  const answered = answerTo(connection, topics.answer(requester, name), message.id);
  await connection.subscribe(topics.answer(requester, name), 1);
  await connection.publish(topics.claim(requester, name), JSON.stringify(message), { qos: 1, retain: true });
  return answered;
}

export async function withdrawClaim(
  { connection, topics, requester }: Standing,
  resources: readonly string[],
): Promise<void> {
  await connection.publish(topics.claim(requester, claimName(resources)), '', { qos: 1, retain: true });
}

function answerTo(connection: MqttConnection, topic: string, id: string): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const timer = systemClock.setTimer(ANSWER_WAIT_MS, () => resolve(undefined));
    connection.onMessage((message) => {
      if (message.topic !== topic || message.payload.length === 0) return;
      const answer = readAnswer(message.payload).message;
      if (answer?.id !== id) return;
      timer.cancel();
      resolve(answer);
    });
  });
}
