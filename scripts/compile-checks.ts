// Makes code of the schemas of all messages, which stands in the package in the place of src/mqtt/checks.ts: with it
// nothing is compiled when a program starts, and a page may forbid that.
import { join } from 'node:path';
import { _, Ajv } from 'ajv';
import standaloneCode from 'ajv/dist/standalone';
import { build } from 'esbuild';
import { COMPILER_OPTIONS, SCHEMAS } from '../src/mqtt/checks';
import { ROOT } from './run';

/** Writes one CommonJS file that gives `checkOf`, and needs nothing else. */
export async function compileChecks(outfile: string): Promise<void> {
  const ajv = new Ajv({
    ...COMPILER_OPTIONS,
    code: { source: true, lines: true, formats: _`require("./message-formats").formats` },
    schemas: Object.values(SCHEMAS),
  });
  const ids = Object.entries(SCHEMAS).map(([name, { $id }]) => [name, String($id)] as const);
  const contents = `${standaloneCode(ajv, Object.fromEntries(ids))}
    const checks = { ...exports };
    exports.checkOf = (name) => checks[name];`;
  await build({
    stdin: { contents, resolveDir: join(ROOT, 'src/mqtt'), loader: 'js' },
    outfile,
    bundle: true,
    minify: true,
    format: 'cjs',
    platform: 'neutral',
    target: 'es2022',
    logLevel: 'warning',
  });
}
