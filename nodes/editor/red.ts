// What of Node-RED's editor our scripts use, as both Node-RED 4 and 5 have it.

export interface EditorNode {
  readonly id: string;
  readonly type: string;
  /** The flow or subflow that it is in; config nodes may have none. */
  readonly z?: string;
}

/** A flow or a subflow. */
interface Flow {
  readonly locked?: boolean;
}

interface Notification {
  close(): void;
}

interface Ajax {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly dataType: 'json';
  readonly contentType?: 'application/json';
  readonly data?: string | Readonly<Record<string, string>>;
  success(answer: unknown): void;
  error(failure: { readonly status: number; readonly responseText?: string }): void;
}

interface SidebarTab {
  readonly id: string;
  readonly label: string;
  readonly name: string;
  readonly iconClass: string;
  readonly content: HTMLElement;
  readonly enableOnEdit: boolean;
}

interface EditorApi {
  readonly comms: { subscribe(topic: string, listener: () => void): void };
  readonly events: { on(event: 'nodes:add', listener: (node: EditorNode) => void): void };
  readonly nodes: {
    node(id: string): EditorNode | null | undefined;
    workspace(id: string): Flow | undefined;
    subflow(id: string): Flow | undefined;
  };
  readonly plugins: {
    registerPlugin(id: string, plugin: { readonly type: string; onadd(): void }): void;
  };
  readonly settings: {
    getLocal(key: string): unknown;
    setLocal(key: string, value: string): void;
  };
  readonly sidebar: { addTab(tab: SidebarTab): void };
  readonly user: { hasPermission(permission: string): boolean };
  readonly view: { reveal(id: string): void };
  notify(text: string, type: 'success' | 'warning' | 'error'): Notification;
  _(key: string, values?: Readonly<Record<string, string | number>>): string;
}

declare global {
  const RED: EditorApi;
  /** jQuery: it adds who is logged in to what is asked of the runtime. */
  const $: { ajax(request: Ajax): void };
}

export const api = RED;

/** Asks the runtime; rejects with a reason in words, where it gives one. */
export function ask(
  method: 'GET' | 'POST',
  url: string,
  body: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const what =
    method === 'GET'
      ? { data: asTexts(body) }
      : { contentType: 'application/json' as const, data: JSON.stringify(body) };
  return new Promise((resolve, reject) => {
    $.ajax({
      ...{ url, method, dataType: 'json', ...what },
      success: resolve,
      error: (failure) => reject(new Refused(failure.status, reasonIn(failure.responseText))),
    });
  });
}

export class Refused extends Error {
  /** Of HTTP; 0 where nobody answered. */
  readonly status: number;

  constructor(status: number, reason: string) {
    super(reason);
    this.status = status;
  }
}

function asTexts(body: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, String(value)]));
}

function reasonIn(text = ''): string {
  try {
    const { error }: { readonly error?: unknown } = JSON.parse(text);
    return typeof error === 'string' ? error : '';
  } catch {
    // A proxy between us and the runtime may answer with anything.
    return '';
  }
}
