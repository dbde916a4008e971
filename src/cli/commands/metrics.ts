import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'

export const metrics = command({
  name: 'metrics',
  about: 'print counts and states in the text format of Prometheus',
  details: [
    'Counted since the daemon began: decisions, refusals by rule, permits, alerts, incidents; and how each part is. No label holds a word of an agent’s, and each has at most 64 values. Prometheus itself can fetch the same from a port of 127.0.0.1: health.metrics_port and health.metrics_token.',
  ],
  examples: [
    { run: 'warder metrics > /var/lib/node_exporter/warder.prom', does: 'for a textfile collector' },
  ],
  exits: ['unavailable'],
  async run(_input, { client, out }) {
    const answer = await calls(await client({ start: false })).call('metrics', {})
    out.result(answer, answer.text.trimEnd())
  },
})
