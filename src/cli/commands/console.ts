import { calls, type Calls } from '../../client/calls.ts'
import type { ConsoleAnswer } from '../../api/console.ts'
import { command } from '../command.ts'
import { localTime, type Out } from '../out.ts'
import { choiceOption, flag, integerOption, option } from '../param.ts'

export const console = command({
  name: 'console',
  about: 'open the console: a page to see, approve and stop',
  details: [
    'Turns the console on until the daemon ends, on 127.0.0.1 and port 9090 unless console.listen or --port say otherwise, and prints a link to log in with: once, within ten minutes, in a browser of this machine. Its certificate was made here and nobody else vouches for it: compare the fingerprint your browser shows, then take it. It stays the same.',
    'While no passphrase is set, a link is the way in. With one (warder owner passphrase set), acts that loosen something ask for it, or for a passkey, in the console as at the terminal; a code of your phone goes with it after warder console totp set.',
    'With --as somebody else may come: as operator, who answers questions below high risk and stops agents, or as viewer, who only looks. The first link lets them in; a passkey of their own brings them back. --dismiss takes that away.',
    'The console can do nothing the commands cannot: each call goes through the same gate, and is on record with the person, the session and the way of log-in.',
  ],
  examples: [
    { run: 'warder console', does: 'open the link it prints' },
    { run: 'warder console --as anna --role operator', does: 'a link for somebody else' },
    { run: 'warder console --off', does: 'closes it, and ends its sessions' },
  ],
  options: {
    off: flag('turn it off; its sessions end'),
    status: flag('only say whether it is on, and who may come'),
    port: integerOption('another port, for this time; 0 takes any that is free', 0, 65_535),
    as: option('a link for somebody beside you, by this name', { value: 'name' }),
    role: choiceOption('what they may: operator or viewer; viewer for a new name', ['operator', 'viewer']),
    dismiss: option('take away what somebody has there: sessions, passkeys, links', { value: 'name' }),
  },
  exits: ['denied', 'missing', 'conflict', 'unavailable'],
  async run({ off, status, port, as: person, role, dismiss }, { client, out }) {
    const { call } = calls(await client())
    if (off) return out.result(await call('consoleClose', {}), 'the console is off')
    if (dismiss !== undefined) {
      const answer = await call('consoleDismiss', { name: dismiss })
      return out.result(answer, `${answer.dismissed} has no way to the console any more`)
    }
    if (status) return told(out, await call('consoleShow', {}))
    const state = await call('consoleOpen', port === undefined ? {} : { port })
    await link(call, out, state, {
      ...(person === undefined ? {} : { person }),
      ...(role === undefined ? {} : { role }),
    })
  },
})

async function link(
  call: Calls['call'],
  out: Out,
  state: ConsoleAnswer,
  whose: { readonly person?: string; readonly role?: 'operator' | 'viewer' },
): Promise<void> {
  const { url, person, role, until } = await call('consoleLink', whose)
  const who = person === 'owner' ? 'you' : `${person}, ${role}`
  out.note(`the console listens on ${state.address} until the daemon ends`)
  out.note(`its certificate (SHA-256): ${state.fingerprint}`)
  if (!state.pages) out.warn('its pages were not built: npm run build')
  out.note(`log in, once, until ${localTime(Date.parse(until))} (${who}):`)
  out.result({ ...state, link: url, person, role, until }, url)
}

function told(out: Out, state: ConsoleAnswer): void {
  const { on, url, fingerprint, since, people, totp, passkeys, problem } = state
  const lines = on
    ? [`on at ${url}, since ${localTime(Date.parse(since ?? ''))}`, `certificate (SHA-256): ${fingerprint}`]
    : [problem === undefined ? 'off; turn it on with: warder console' : `off: ${problem}`]
  const factors = `second factor: ${totp ? 'set up' : 'none'}; passkeys of yours: ${passkeys}`
  const others = people.map(({ name, role }) => `${name}, ${role}`)
  out.result(state, [...lines, factors, ...others].join('\n'))
}
