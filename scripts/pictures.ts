// Takes the pictures of the README anew.
import { join } from 'node:path';
import { takeOfficeLights, takeSidebar } from '../test/support/pictures';
import { prepareTests } from './prepare-tests';
import { ROOT } from './run';

const FOLDER = join(ROOT, 'docs/pictures');

async function takePictures(): Promise<void> {
  await prepareTests();
  await takeOfficeLights(join(FOLDER, 'office-lights.png'));
  await takeSidebar(join(FOLDER, 'sidebar.png'));
}

takePictures().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
