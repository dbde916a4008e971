import type { WayAnswer } from '../../api/egress.ts'
import { calls } from '../../client/calls.ts'
import { formatSize } from '../../core/quantity.ts'
import { command } from '../command.ts'
import { option } from '../param.ts'
import { airlockWords } from './airlock-show.ts'

export const egressList = command({
  name: 'egress list',
  about: 'list what running agents reach outside, and how much went there',
  details: [
    'A run reaches the network through the egress proxy alone. Each host was asked for once: the rule is what allowed it, and what a rule, a grant or a stop closes meanwhile is cut. Refusals are in the record: warder audit list --action net:connect --decision deny.',
  ],
  examples: [{ run: 'warder egress list --agent claude', does: 'where one agent is connected to' }],
  options: { agent: option('only this agent', { completes: 'agent' }) },
  exits: ['unavailable'],
  async run({ agent }, { client, out }) {
    const answer = await calls(await client()).call('egressList', agent === undefined ? {} : { agent })
    if (answer.problem !== undefined) out.note(`the egress proxy is ${answer.proxy}: ${answer.problem}`)
    if (answer.airlock.mode === 'on') out.note(airlockWords(answer.airlock))
    out.table(
      answer.ways.flatMap(rowsOf),
      [
        { title: 'AGENT', value: ({ way }) => way.agent },
        { title: 'HOST', value: ({ place }) => (place === undefined ? '-' : `${place.host}:${place.port}`) },
        { title: 'RULE', value: ({ way, place }) => place?.rule ?? `${way.refused} refused` },
        { title: 'OPENED', value: ({ place }) => String(place?.connections ?? 0), right: true },
        { title: 'OUT', value: ({ place }) => formatSize(place?.bytesOut ?? 0), right: true },
        { title: 'IN', value: ({ place }) => formatSize(place?.bytesIn ?? 0), right: true },
      ],
      { value: answer, empty: 'no run has a way out' },
    )
  },
})

/** A line for each place; one for a run that reached nothing yet. */
function rowsOf(way: WayAnswer): { way: WayAnswer; place: WayAnswer['places'][number] | undefined }[] {
  if (way.places.length === 0) return [{ way, place: undefined }]
  return way.places.map((place) => ({ way, place }))
}
