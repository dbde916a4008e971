import { checkReceipts, receiptKey, type ReceiptsChecked } from '../../enforce/mcp/receipts.ts'
import { openKeys } from '../../record/sign/index.ts'
import { messageOf } from '../../core/error.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { argument, manyOption, option } from '../param.ts'
import { readText } from '../text-file.ts'
import { readSmallFile } from '../../platform/files.ts'

const MOST_BYTES = 512 * 1024 * 1024

export const mcpReceiptsVerify = command({
  name: 'mcp receipts verify',
  about: 'verify the receipts of an MCP session, offline',
  details: [
    'Each call of a session leaves a signed receipt that names the one before. This checks every signature and the chain, with the keys of this host or with those given; needs no daemon. That none is missing at the end is told by the head: compare it with the one on record (warder audit list --action mcp:session-end). Exit 8 when it does not verify.',
  ],
  examples: [
    { run: 'warder mcp receipts verify session.jsonl', does: 'with the keys of this host' },
    { run: 'warder mcp receipts verify session.jsonl --key receipts.pem', does: 'anywhere else' },
  ],
  args: { file: argument('the file of receipts (warder mcp list names them)', { completes: 'file' }) },
  options: {
    key: manyOption('a public key, as PEM, instead of those of this host', {
      value: 'FILE',
      completes: 'file',
    }),
    head: option('the digest the last receipt has to have', { value: 'SHA256' }),
  },
  exits: ['unverified', 'missing'],
  run({ file, key, head }, { config, out }) {
    const keys = new Map(
      key.length === 0
        ? openKeys(config.values['paths.keys'], { create: false })
            .publicKeys('receipt')
            .map(({ id, publicKey }) => [id, publicKey] as const)
        : key.map((path) => {
            const read = keyIn(path)
            return [read.id, read.key] as const
          }),
    )
    const checked = headed(checkReceipts(receiptsIn(file), keys), head)
    out.result(checked, words(checked))
    return Promise.resolve(checked.isGood ? EXIT.ok : EXIT.unverified)
  },
})

function keyIn(path: string): ReturnType<typeof receiptKey> {
  try {
    return receiptKey(readText(path))
  } catch (error) {
    throw new CliError(CLI_ERRORS, 'USAGE', {
      what: `${path} is no public key: ${messageOf(error)}`,
      fix: 'give the key warder mcp receipts key prints',
    })
  }
}

/** Bytes that are no text are no receipts either: what replaces them fits no signature. */
function receiptsIn(path: string): string {
  const bytes = readSmallFile(path, MOST_BYTES)
  if (bytes !== undefined) return bytes.toString('utf8')
  throw new CliError(CLI_ERRORS, 'FILE_INVALID', {
    what: `there is no file ${path}`,
    fix: 'name a file of receipts: warder mcp list',
    where: path,
  })
}

function headed(checked: ReceiptsChecked, head: string | undefined): ReceiptsChecked {
  if (!checked.isGood || head === undefined || checked.digest === head) return checked
  return { isGood: false, line: checked.count, reason: 'the last receipt is not the one the head names' }
}

function words(checked: ReceiptsChecked): string {
  if (!checked.isGood) return `THE RECEIPTS DO NOT VERIFY: line ${checked.line}: ${checked.reason}`
  return `${checked.count} receipts of session ${checked.session} verify; head ${checked.digest}`
}
