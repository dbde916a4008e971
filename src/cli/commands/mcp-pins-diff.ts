import type { McpPinsAnswer } from '../../api/mcp-pins.ts'
import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import type { Out } from '../out.ts'
import { optionalArgument } from '../param.ts'

export const mcpPinsDiff = command({
  name: 'mcp pins diff',
  about: 'show what MCP servers define otherwise than they were approved',
  details: [
    'Each change names its field and a grade: critical when what is new reads like an attack, high when a tool no longer says it is harmless or wants a parameter it did not want, medium for other wording. What waits was seen by the running daemon; nothing is shown of a server that nobody used since it started.',
    'Exit 8 when anything waits.',
  ],
  examples: [{ run: 'warder mcp pins diff github', does: 'what waits of one server' }],
  args: { server: optionalArgument('only this server') },
  exits: ['missing', 'denied', 'unavailable', 'unverified'],
  async run({ server }, { client, out }) {
    const { servers } = await calls(await client()).call('mcpPinList', server === undefined ? {} : { server })
    const waiting = servers.filter((each) => each.waiting.length > 0)
    const value = {
      servers: waiting.map(({ server: name, waiting: waits, digest }) => ({
        server: name,
        waiting: waits,
        digest,
      })),
    }
    out.result(value, waiting.length === 0 ? 'nothing waits' : waitingText(waiting, out))
    return waiting.length === 0 ? EXIT.ok : EXIT.unverified
  },
})

/** What waits, for a person who has to decide on it. */
export function waitingText(servers: readonly McpPinsAnswer[], out: Out): string {
  return servers
    .flatMap(({ server, waiting }) => [
      out.style('bold', server),
      ...waiting.flatMap(({ kind, name, grade, reason, changes }) => [
        `  ${out.style(grade === 'low' || grade === 'medium' ? 'yellow' : 'red', grade)} ${kind} ${name}: ${reason}`,
        ...changes.flatMap(({ field, before, after }) => [
          `    ${field === '' ? '/' : field}`,
          ...(before === undefined ? [] : [`    - ${before}`]),
          ...(after === undefined ? [] : [`    + ${after}`]),
        ]),
      ]),
    ])
    .join('\n')
}
