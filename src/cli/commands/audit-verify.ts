import { readPublicKeys } from '../../record/sign/index.ts'
import { verifyLedger, type Verification } from '../../record/audit/index.ts'
import { command, type Context } from '../command.ts'
import { EXIT } from '../exit.ts'
import { integerOption, option } from '../param.ts'

export const auditVerify = command({
  name: 'audit verify',
  about: 'verify the record, offline',
  details: [
    'Hashes every entry again, follows the chain over segments and archives, and checks every signed checkpoint and the witness. Needs no daemon. What could not be looked at does not count as verified: a missing key or witness is a failure. Exit 8 when it does not verify.',
  ],
  examples: [
    { run: 'warder audit verify', does: "this host's ledger" },
    { run: 'warder audit verify --directory /mnt/copy/audit', does: 'a copy, with the keys of this host' },
  ],
  options: {
    directory: option('the ledger (default: this host’s)', { value: 'DIR', completes: 'file' }),
    witness: option('the copy of the newest checkpoint (default: the setting audit.witness)', {
      value: 'FILE',
      completes: 'file',
    }),
    keys: option('the key store (default: this host’s)', { value: 'DIR', completes: 'file' }),
    from: integerOption(
      'begin at the newest checkpoint that is not after this entry',
      1,
      Number.MAX_SAFE_INTEGER,
    ),
  },
  exits: ['unverified', 'missing'],
  async run({ directory, witness, keys, from }, context) {
    const { values } = context.config
    const witnessPath = witness ?? values['audit.witness']
    const began = context.clock.monotonicMs()
    const verification = await verifyLedger({
      directory: directory ?? values['audit.directory'],
      keys: readPublicKeys(keys ?? values['paths.keys'], 'checkpoint').map(({ publicKey }) => publicKey),
      ...(witnessPath === undefined ? {} : { witnessPath }),
      ...(from === undefined ? {} : { from }),
      onProgress: progress(context),
    })
    const seconds = (context.clock.monotonicMs() - began) / 1000
    context.out.result(verification, words(verification, seconds, context))
    return verification.ok ? EXIT.ok : EXIT.unverified
  },
})

/** A counter on the terminal for long ledgers; nothing where nobody looks. */
function progress({ out }: Context): (entries: number) => void {
  const isWatched = process.stderr.isTTY && !out.isJson
  return (entries) => {
    if (isWatched && entries % 50_000 === 0) process.stderr.write(`\r${entries.toLocaleString('en')} entries`)
  }
}

function words(result: Verification, seconds: number, { out }: Context): string {
  const good = (is: boolean, yes: string, no: string) => (is ? out.style('green', yes) : out.style('red', no))
  return [
    ...(result.first === undefined ? [] : [out.style('red', result.first.what)]),
    ...result.faults.slice(1, 10).map(({ what }) => `  also: ${what}`),
    ...(result.faultCount > 10 ? [`  and ${result.faultCount - 10} more faults`] : []),
    `bytes     ${good(result.bytesIntact, 'intact', 'NOT INTACT')}, ${result.entries.toLocaleString('en')} entries hashed in ${seconds.toFixed(2)} s`,
    `chain     ${good(result.chainIntact, 'intact', 'NOT INTACT')}, head ${result.head.seq} ${result.head.hash.slice(0, 16)}`,
    `signed    up to entry ${result.lastCheckpoint?.seq ?? 0}, ${result.checkpoints} checkpoints`,
    `elsewhere ${result.seenElsewhereUpTo === 0 ? 'nobody else has seen it: set audit.witness' : `seen up to entry ${result.seenElsewhereUpTo}`}`,
    ...result.notCovered.map((what) => `not covered: ${what}`),
    result.ok
      ? out.style(['bold', 'green'], 'the record verifies')
      : out.style(['bold', 'red'], 'THE RECORD DOES NOT VERIFY'),
  ].join('\n')
}
