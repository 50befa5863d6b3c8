// What the editor does for all of our nodes, beside their dialogs.
import { bringToPresent } from './settings-version';
import { offerTrials } from './try-broker';

bringToPresent();
offerTrials();
