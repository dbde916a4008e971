import { after, before } from 'node:test'
import { connect as tlsConnect, type TLSSocket } from 'node:tls'
import { consoleOf, type ConsoleSite, type Visit } from '../kit/console.ts'
import { house, type House } from '../kit/house.ts'
import { owner, type Owner } from '../kit/owner.ts'

/** A console under attack: one daemon for all who try. */
export interface Place {
  readonly home: House
  readonly me: () => Owner
  readonly site: () => ConsoleSite
  /** The owner's own visit. */
  readonly mine: () => Visit
  /** The owner comes in once more. */
  readonly enterAgain: () => Promise<void>
}

export function place(): Place {
  const home = house({ after })
  const open: { me?: Owner; site?: ConsoleSite; mine?: Visit } = {}
  before(async () => {
    open.me = await owner({ after }, home)
    open.site = await consoleOf({ after }, open.me)
    open.mine = await open.site.enter()
  })
  return {
    home,
    me: () => open.me!,
    site: () => open.site!,
    mine: () => open.mine!,
    enterAgain: async () => {
      open.mine = await open.site!.enter()
    },
  }
}

/** What the console said no with. */
export function codeOf({ status, json }: { status: number; json: Readonly<Record<string, unknown>> }) {
  return [status, json['code']] as const
}

/** Sends bytes as they are over TLS. @returns what came back until the other end hung up */
export function raw(
  { port }: Pick<ConsoleSite, 'port'>,
  text: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    let answer = ''
    const done = () => resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0), text: answer })
    const socket: TLSSocket = tlsConnect(
      { port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false },
      () => socket.write(text),
    )
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
      if (/\r\n\r\n/.test(answer)) socket.end()
    })
    socket.on('error', () => undefined)
    socket.on('close', done)
    socket.setTimeout(8000, () => socket.destroy())
  })
}
