import { calls } from '../../client/calls.ts'
import { hookRefusal, readPayload, type HookEnd } from '../../client/hook.ts'
import { messageOf } from '../../core/error.ts'
import { command, type Context } from '../command.ts'
import { flag, option } from '../param.ts'

export const hook = command({
  name: 'hook',
  about: 'answer a coding agent’s hook: what warder setup puts into its settings',
  details: [
    'Reads the payload of Claude Code, Codex, Cursor or VS Code on stdin, tells by its shape which of them wrote it, asks the daemon, and answers in that program’s words.',
    'Exit 0 lets the call go on under the program’s own rules, 2 refuses it. Whatever goes wrong refuses: no daemon, a payload that is too large or cannot be read. A small native program does the same faster, and warder setup prefers it.',
  ],
  examples: [{ run: 'warder hook < payload.json', does: 'says what the hook would be told' }],
  options: {
    start: flag('start the daemon when none answers'),
    ran: option('says that the call with this mark runs, which had to be refused', { value: 'MARK' }),
  },
  async run({ start, ran }, context) {
    const end = await answered(start, ran, context)
    process.stdout.write(end.stdout)
    process.stderr.write(end.stderr)
    return end.exit
  },
})

async function answered(start: boolean, ran: string | undefined, context: Context): Promise<HookEnd> {
  try {
    if (ran === undefined) return await asked(start, context)
    const daemon = calls(await context.client({ start: false }))
    await daemon.call('hookRan', { nonce: ran })
    return hookRefusal('the marked call ran, and had to be refused')
  } catch (error) {
    return hookRefusal(messageOf(error))
  }
}

async function asked(start: boolean, context: Context): Promise<HookEnd> {
  const payload = await readPayload(context.stdin)
  const daemon = calls(await context.client({ start }))
  const { exit, stdout, stderr } = await daemon.call('hookAsk', { payload: payload.toString('base64') })
  return { exit, stdout: Buffer.from(stdout, 'base64'), stderr: Buffer.from(stderr, 'base64') }
}
