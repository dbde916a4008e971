import { constants } from 'node:os'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { flag, option, rest } from '../param.ts'
import { callAs } from './membership-call.ts'

const MOST_INPUT_BYTES = 262_144

export const guestExec = command({
  name: 'guest exec',
  about: 'run a command where you are a guest, or with a paired device',
  details: [
    'The command runs over there, in the directory and within the scope its owner gave you, without a terminal. What it prints comes when it has ended, a mebibyte at most of each stream. It ends when you go away.',
  ],
  examples: [{ run: 'warder guest exec -- git status', does: 'over there' }],
  args: { command: rest('the command and its arguments') },
  options: {
    as: option('which of your memberships', { value: 'NAME' }),
    stdin: flag('hand standard input on'),
    reason: option('why, for the record over there'),
  },
  exits: ['denied', 'missing', 'conflict', 'stopped', 'unavailable', 'timedOut'],
  async run({ command: argv, as, stdin, reason }, context) {
    const input = stdin ? await textOf(context.stdin) : undefined
    const answer = await callAs(context, as, 'exec', {
      argv: [...argv],
      ...(input === undefined ? {} : { stdin: input }),
      ...(reason === undefined ? {} : { reason }),
    })
    const { stdout, stderr, code, signal, reason: how, note } = answer
    if (context.out.isJson) context.out.result(answer, '')
    else {
      context.out.raw(Buffer.from(stdout, 'base64'))
      process.stderr.write(Buffer.from(stderr, 'base64'))
    }
    if (how === 'exited' && code !== undefined) return code
    if (how === 'exited') return 128 + (constants.signals[signal as NodeJS.Signals] ?? 0)
    context.out.warn(`ended: ${note ?? how}`)
    return how === 'timeout' ? EXIT.timedOut : EXIT.stopped
  },
})

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    if (sizeBytes > MOST_INPUT_BYTES) break // the far end says what is too much
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks).toString('utf8')
}
