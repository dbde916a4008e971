import { resolve } from 'node:path'
import { IncidentError, verifyBundle, type BundleCheck } from '../../contain/incident/index.ts'
import { readSmallFile } from '../../platform/files.ts'
import { openKeys } from '../../record/sign/index.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { argument, option } from '../param.ts'

const MOST_BYTES = 256 * 1024 * 1024

export const incidentVerify = command({
  name: 'incident verify',
  about: 'verify an exported file, offline',
  details: [
    'Needs no daemon. Checks the signature over all of it, hashes every entry of the record again, follows the chain, and checks each checkpoint. A missing key is a failure: then nothing is verified. Exit 8 when it does not verify.',
  ],
  examples: [
    { run: 'warder incident verify case.json', does: 'with the keys of this host' },
    { run: 'warder incident verify case.json --keys /mnt/copy/keys', does: 'with a copy of them' },
  ],
  args: { file: argument('the file', { completes: 'file' }) },
  options: { keys: option('the key store (default: this host’s)', { value: 'DIR', completes: 'file' }) },
  exits: ['unverified', 'missing'],
  async run({ file, keys }, { config, cwd, out }) {
    const bytes = readSmallFile(resolve(cwd, file), MOST_BYTES)
    if (bytes === undefined) {
      throw new IncidentError('BUNDLE_INVALID', {
        what: `there is no ${file}`,
        fix: 'name the exported file',
      })
    }
    const store = openKeys(keys ?? config.values['paths.keys'], { create: false })
    const check = verifyBundle(
      bytes.toString(),
      store.publicKeys('checkpoint').map(({ publicKey }) => publicKey),
    )
    out.result(check, words(check))
    return check.ok ? EXIT.ok : EXIT.unverified
  },
})

function words({
  ok,
  faults,
  notCovered,
  origin,
  exportedAt,
  signedBy,
  incidents,
  entries,
  checkpointedUpTo,
}: BundleCheck): string {
  return [
    `from      ${origin}, exported ${exportedAt}`,
    `signed    ${signedBy === '' ? 'by no key that is known here' : `with key ${signedBy}`}`,
    `incidents ${incidents.join(' ') || 'none'}`,
    `entries   ${entries.count}, from ${entries.first} to ${entries.last}; checkpoints up to ${checkpointedUpTo}`,
    ...faults.map((what) => `wrong:    ${what}`),
    ...notCovered.map((what) => `not covered: ${what}`),
    ok ? 'it verifies' : 'IT DOES NOT VERIFY',
  ].join('\n')
}
