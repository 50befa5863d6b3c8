// The sidebar "Locks" of the editor, its side in the runtime. A plugin and no node, since it has no place in a flow: both
// Node-RED 4 and 5 load plugins before the nodes, with a catalogue of their own.
import type { NodeAPI } from 'node-red';
import { systemClock } from '../src/protocol';
import { Desk } from './locks-sidebar/desk';
import { serve } from './locks-sidebar/routes';
import { NUDGE_TOPIC } from './locks-sidebar/shown';

export = (RED: NodeAPI): void => {
  // Everybody with the editor open hears this: it says nothing but that something may be asked for.
  const desk = new Desk(RED, systemClock, () => RED.comms.publish(NUDGE_TOPIC, { isNew: true }, false));
  RED.events.on('flows:started', () => desk.renew());
  serve(RED, desk);
};
