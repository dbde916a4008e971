/**
 * One end of a test network: listens on the ports of its arguments and does what it is told on standard input, a JSON
 * line each. Ends with its standard input.
 */
import { connect, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

interface Order {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly from?: string
  /** How many connections at once, all kept open until the end (default 1, closed at once). */
  readonly times?: number
  readonly waitMs: number
}

const served: Record<string, number> = {}
const held: Socket[] = []

for (const port of process.argv.slice(2).map(Number)) {
  const server = createServer((socket) => {
    served[port] = (served[port] ?? 0) + 1
    socket.on('error', () => socket.destroy())
    socket.resume()
  })
  server.listen({ port, host: '::', backlog: 1024 }, () => say({ listens: port }))
}
say({ ready: true })

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => void obey(JSON.parse(line) as Order))
lines.on('close', () => process.exit(0))

async function obey(order: Order): Promise<void> {
  if (order.times === 0) return say({ id: order.id, served: served[order.port] ?? 0 })
  const results = await Promise.all(Array.from({ length: order.times ?? 1 }, () => dial(order)))
  say({ id: order.id, results })
}

function dial({ host, port, from, times = 1, waitMs }: Order): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect({ host, port, ...(from === undefined ? {} : { localAddress: from }) })
  const timer = setTimeout(() => {
    socket.destroy()
    resolve('no answer')
  }, waitMs)
  socket.once('connect', () => {
    clearTimeout(timer)
    if (times > 1) held.push(socket)
    else socket.destroy()
    resolve('open')
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    clearTimeout(timer)
    resolve(error.code ?? 'error')
  })
  return promise
}

function say(words: object): void {
  process.stdout.write(`${JSON.stringify(words)}\n`)
}
