// What the sidebar may ask of the runtime, and who may: `locks.read` to see, `locks.write` to do. Errors are told in words.
import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import { toError } from '../shared/node-error';
import type { Desk } from './desk';
import { BadRequest, bodyOf, jsonOf, positiveOf, textOf } from './requests';
import { ROUTE } from './shown';

/** Who does it, where nobody has to log in. */
const SOMEBODY = 'editor';

type Attended = NonNullable<ReturnType<Desk['find']>>;
type Body = ReturnType<typeof bodyOf>;
/** Does it; resolves to what is told of it. */
type Deed = (attended: Attended, body: Body, by: string) => Promise<object>;

const DEEDS: Readonly<Record<string, Deed>> = { hold, free, withdraw, purge, 'take-over': takeOver };

export function serve(RED: NodeAPI, desk: Desk): void {
  const { httpAdmin, auth } = RED;
  httpAdmin.get(`/${ROUTE}`, auth.needsPermission('locks.read'), ({ query }, response) => {
    response.json(desk.view(textIn(query.registry), textIn(query.since)));
  });
  for (const [name, deed] of Object.entries(DEEDS)) {
    httpAdmin.post(`/${ROUTE}/${name}`, auth.needsPermission('locks.write'), (request, response) => {
      act(desk, deed, request).then(
        (done) => response.json(done),
        (error: unknown) => refuse(response, error),
      );
    });
  }
}

async function act(desk: Desk, deed: Deed, request: Request): Promise<object> {
  const body = bodyOf(request.body);
  const attended = desk.find(textOf(body, 'registry'));
  if (attended === undefined) throw new BadRequest('there is no such registry any more');
  return deed(attended, body, userOf(request));
}

async function hold({ hand }: Attended, body: Body, by: string): Promise<object> {
  const value = jsonOf(body, 'value');
  const wish = { resource: textOf(body, 'resource'), ttl: positiveOf(body, 'ttl'), by };
  const answer = await hand.hold({ ...wish, ...(value !== undefined && { value }) });
  if (answer === undefined) return { result: 'asked' };
  const { result, reason, detail } = answer;
  if (result === 'denied' || result === 'error') throw new Error(detail ?? reason);
  return { result };
}

async function free({ hand }: Attended, body: Body, by: string): Promise<object> {
  const refusal = await hand.free(textOf(body, 'resource'), positiveOf(body, 'token'), by);
  if (refusal !== undefined) throw new Error(refusal);
  return { result: 'released' };
}

async function withdraw({ hand }: Attended, body: Body): Promise<object> {
  hand.withdraw(textOf(body, 'resource'));
  return { result: 'released' };
}

async function purge({ feed }: Attended, _body: Body, by: string): Promise<object> {
  feed.purge(by);
  return { result: 'purged' };
}

async function takeOver({ registry }: Attended): Promise<object> {
  await registry.takeOver();
  return { result: 'taken' };
}

function refuse(response: Response, error: unknown): void {
  response.status(error instanceof BadRequest ? 400 : 409).json({ error: toError(error).message });
}

function userOf({ user }: Request): string {
  const name: unknown = typeof user === 'object' && 'username' in user ? user.username : undefined;
  return typeof name === 'string' && name !== '' ? name : SOMEBODY;
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
