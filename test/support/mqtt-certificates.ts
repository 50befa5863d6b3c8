// A certificate authority, a certificate for `localhost` and 127.0.0.1, and one for a client, made anew for a test by
// openssl.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificates {
  /** PEM texts. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** For a user of this name. */
  readonly client: { readonly cert: string; readonly key: string };
}

export function makeCertificates(user = 'house'): Certificates {
  const dir = mkdtempSync(join(tmpdir(), 'certificates-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  const read = (name: string) => readFileSync(join(dir, name), 'utf8');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...newKey, '-subj', '/CN=test authority', '-keyout', 'ca.key', '-out', 'ca.pem');
  const sign = (name: string, extensions: string) => {
    openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', 'key.pem', '-out', 'request.pem');
    writeFileSync(join(dir, 'extensions'), extensions);
    const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'extensions'];
    openssl('x509', '-req', '-in', 'request.pem', ...signing, '-out', 'cert.pem');
    return { cert: read('cert.pem'), key: read('key.pem') };
  };
  const certificates = {
    ca: read('ca.pem'),
    ...sign('localhost', 'subjectAltName=DNS:localhost,IP:127.0.0.1'),
    client: sign(user, 'extendedKeyUsage=clientAuth'),
  };
  rmSync(dir, { recursive: true });
  return certificates;
}
