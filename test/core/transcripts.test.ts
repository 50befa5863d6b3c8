// Runs the stories in transcripts/ and compares every line; UPDATE_TRANSCRIPTS=1 writes what is true now.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LockTable } from '../../src/core';
import { runTranscript } from '../support/core-transcript';

const FOLDER = join(__dirname, 'transcripts');

describe('transcripts of the lock table', () => {
  for (const file of readdirSync(FOLDER).sort()) {
    const path = join(FOLDER, file);
    const text = readFileSync(path, 'utf8');
    it(text.split('\n', 1)[0]?.replace(/^# /, '') ?? file, () => {
      const now = runTranscript(text, new LockTable());
      if (process.env.UPDATE_TRANSCRIPTS === '1') writeFileSync(path, now);
      else assert.equal(now, text);
    });
  }
});
