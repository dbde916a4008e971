import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { optionalArgument } from '../param.ts'

export const mcpPinsList = command({
  name: 'mcp pins list',
  about: 'list what MCP servers were approved with',
  details: [
    'The first time a server is used, each of its tools, prompts, resources and its instructions is pinned: SHA-256 of its canonical JSON, as a whole and by field. The same is good from then on; what has changed or came later is refused and waits here until it is trusted.',
  ],
  examples: [
    { run: 'warder mcp pins list', does: 'every server' },
    { run: 'warder mcp pins list github --json', does: 'one, with the digest of each field' },
  ],
  args: { server: optionalArgument('only this server') },
  exits: ['missing', 'denied', 'unavailable'],
  async run({ server }, { client, out }) {
    const answer = await calls(await client()).call('mcpPinList', server === undefined ? {} : { server })
    const rows = answer.servers.flatMap(({ server: name, pins, waiting }) => [
      ...pins.map(({ kind, name: what, digest, how, at, labels }) => {
        const waits = waiting.some((each) => each.kind === kind && each.name === what)
        return { name, kind, what, digest, state: waits ? 'changed' : how, at, labels }
      }),
      ...waiting
        .filter((each) => !pins.some((pin) => pin.kind === each.kind && pin.name === each.name))
        .map(({ kind, name: what, digest }) => ({
          ...{ name, kind, what, digest, state: 'waits', at: '-' },
          labels: [] as string[],
        })),
    ])
    out.table(
      rows,
      [
        { title: 'SERVER', value: ({ name }) => name },
        { title: 'KIND', value: ({ kind }) => kind },
        { title: 'NAME', value: ({ what }) => what },
        { title: 'STATE', value: ({ state }) => state },
        { title: 'SHA-256', value: ({ digest }) => digest.slice(0, 12) },
        { title: 'CAN', value: ({ labels }) => (labels.length === 0 ? '-' : labels.join(' ')) },
      ],
      { value: answer, empty: 'no MCP server was approved yet' },
    )
  },
})
