import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'

export const daemonStart = command({
  name: 'daemon start',
  about: 'start the daemon, if none runs',
  details: [
    'run and exec start one themselves, which ends after 30 minutes without work; install a service for one that stays (warder service install).',
  ],
  examples: [{ run: 'warder daemon start', does: 'and say where it listens' }],
  exits: ['unavailable'],
  async run(_input, { client, out }) {
    const { pid, socket } = await calls(await client()).call('daemon', {})
    out.result({ pid, socket: socket.path }, `the daemon runs: pid ${pid}, ${socket.path}`)
  },
})
