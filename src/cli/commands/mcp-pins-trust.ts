import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { confirmName } from '../confirm.ts'
import { argument, option, requiredOption } from '../param.ts'
import { printable } from '../printable.ts'
import { waitingText } from './mcp-pins-diff.ts'

export const mcpPinsTrust = command({
  name: 'mcp pins trust',
  about: 'approve what an MCP server defines now',
  details: [
    'You are shown what waits and type the name of the server. What changes between the two is not trusted with it. In a script give the name with --confirm, and with --digest what you looked at.',
  ],
  examples: [
    { run: 'warder mcp pins trust github --reason "new release, read it"', does: 'asks before it does so' },
  ],
  args: { server: argument('the server') },
  options: {
    reason: requiredOption('why; kept in the record'),
    confirm: option('the name of the server, instead of typing it', { value: 'SERVER' }),
    digest: option('of what was looked at, as mcp pins diff --json shows it', { value: 'SHA256' }),
  },
  exits: ['missing', 'conflict', 'denied', 'unavailable'],
  async run({ server, reason, confirm, digest }, context) {
    const api = calls(await context.client())
    const { servers } = await api.call('mcpPinList', { server })
    const shown = printable(waitingText(servers, context.out), { lines: true, styles: true })
    await confirmName(context, server, confirm, `${shown}\nall of this is approved`)
    const looked = digest ?? servers[0]?.digest ?? ''
    const answer = await api.call('mcpPinTrust', { server, digest: looked, reason })
    context.out.result(answer, `${server}: ${answer.pins.length} definitions are approved`)
  },
})
