import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { confirmName } from '../confirm.ts'
import { flag, option, optionalArgument, requiredOption } from '../param.ts'
import { oneTarget } from '../target.ts'

export const mcpPinsReset = command({
  name: 'mcp pins reset',
  about: 'forget what an MCP server was approved with',
  details: [
    'What it defines next is pinned as if it had never been seen. With --all every server is forgotten; that also begins anew where the pins were altered by something else than Warder, and everything is refused.',
  ],
  examples: [
    { run: 'warder mcp pins reset github --reason "another program of that name"', does: 'one server' },
    { run: 'warder mcp pins reset --all --reason "disk was damaged" --confirm all', does: 'every server' },
  ],
  args: { server: optionalArgument('the server') },
  options: {
    all: flag('every server'),
    reason: requiredOption('why; kept in the record'),
    confirm: option('the name, instead of typing it', { value: 'NAME' }),
  },
  exits: ['missing', 'denied', 'unavailable'],
  async run({ server, all, reason, confirm }, context) {
    const target = oneTarget(server, all, 'mcp pins reset')
    const what = target === undefined ? 'every MCP server is new' : `the MCP server ${target} is new`
    await confirmName(context, target ?? 'all', confirm, what)
    const input = target === undefined ? { reason } : { server: target, reason }
    const answer = await calls(await context.client()).call('mcpPinReset', input)
    context.out.result(answer, `forgotten: ${answer.forgotten}; what is defined next is pinned`)
  },
})
