import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'

export const mcpList = command({
  name: 'mcp list',
  about: 'list the MCP servers that run, and how much they were asked',
  examples: [{ run: 'warder mcp list', does: 'who calls which server' }],
  exits: ['unavailable'],
  async run(_input, { client, out }) {
    const answer = await calls(await client()).call('mcpList', {})
    if (answer.problem !== undefined) out.note(`the MCP process is ${answer.process}: ${answer.problem}`)
    out.table(
      answer.sessions,
      [
        { title: 'SERVER', value: ({ server }) => server },
        { title: 'TIER', value: ({ tier }) => tier },
        { title: 'AGENT', value: ({ agent }) => agent },
        { title: 'RUN', value: ({ run }) => run },
        { title: 'CALLS', value: ({ calls: count }) => String(count), right: true },
        { title: 'REFUSED', value: ({ refused }) => String(refused), right: true },
        { title: 'RECEIPTS', value: ({ receipts }) => receipts ?? '-' },
      ],
      { value: answer, empty: 'no MCP server runs' },
    )
  },
})
