// What the Node-RED library asks of a package on its scorecard, as far as it can be said without asking npm.
// https://nodered.org/docs/creating-nodes/scorecard
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../support/repository';

interface Package {
  readonly name: string;
  readonly license: string;
  readonly repository: { readonly url: string };
  readonly bugs: string;
  readonly keywords: readonly string[];
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly 'node-red': { readonly version: string; readonly nodes: Readonly<Record<string, string>> };
}

const PACKAGE: Package = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));

/** What examples need not show: config nodes come with the others, and a page of the editor has no node. */
const WITHOUT_EXAMPLE = ['locks-sidebar'];

describe('the scorecard of Node-RED', () => {
  it('finds a licence, a repository, and where to report what is wrong', () => {
    assert.equal(PACKAGE.license, 'Apache-2.0');
    assert.match(readFileSync(join(REPOSITORY, 'LICENSE'), 'utf8'), /Apache License/);
    assert.match(PACKAGE.repository.url, /^git\+https:/);
    assert.match(PACKAGE.bugs, /^https:/);
  });

  it('finds a scoped name and the keyword by which the palette manager looks', () => {
    assert.match(PACKAGE.name, /^@[a-z\d][\w-]+\/[a-z\d][\w-]*$/);
    assert.ok(PACKAGE.keywords.includes('node-red'));
  });

  it('finds which Node-RED and which Node it is for', () => {
    assert.match(PACKAGE['node-red'].version, /^>=4/);
    assert.match(PACKAGE.engines.node, /^>=\d+/);
  });

  it('finds at most six dependencies', () => {
    assert.ok(Object.keys(PACKAGE.dependencies).length <= 6);
  });

  it('finds an example of each node', () => {
    const files = readdirSync(join(REPOSITORY, 'examples')).filter((file) => file.endsWith('.json'));
    const flows = files.map((file): { type: string }[] =>
      JSON.parse(readFileSync(join(REPOSITORY, 'examples', file), 'utf8')),
    );
    const shown = new Set(flows.flat().map(({ type }) => type));
    const types = Object.keys(PACKAGE['node-red'].nodes).filter((type) => !WITHOUT_EXAMPLE.includes(type));
    assert.ok(types.length >= 5);
    assert.deepEqual(
      types.filter((type) => !shown.has(type)),
      [],
    );
  });
});
