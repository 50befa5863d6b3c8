// The buttons of inject nodes, pressed as the editor does.

/** Presses the one of this name in a Node-RED. */
export async function pressButton(url: string, name: string): Promise<void> {
  const flows: { id: string; type: string; name?: string }[] = await (await fetch(`${url}/flows`)).json();
  const found = flows.find((node) => node.type === 'inject' && node.name === name);
  if (found === undefined) throw new Error(`no button is called ${name}`);
  const response = await fetch(`${url}/inject/${found.id}`, { method: 'POST' });
  if (!response.ok) throw new Error(`${name} was not pressed: ${response.status}`);
}
