// Nodes that an earlier version of the package has saved are brought to the present as they come into the editor, so that
// dialogs need to know only that; they are saved so with the next deploy.
import { changesIn } from '../../shared/settings-version';
import { api, type EditorNode } from '../red';

/** All nodes of ours that come from now on. */
export function bringToPresent(): void {
  api.events.on('nodes:add', (node) => {
    // The runtime understands them as they are.
    if (!isLocked(node)) Object.assign(node, changesIn(node));
  });
}

function isLocked({ z = '' }: EditorNode): boolean {
  const flow = api.nodes.workspace(z) ?? api.nodes.subflow(z);
  return flow?.locked === true;
}
