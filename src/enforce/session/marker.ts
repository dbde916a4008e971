import { randomBytes } from 'node:crypto'

/** What tells the marked call from every other; nobody but this daemon knows a nonce before it is used. */
export function newNonce(): string {
  return `warder-liveness-${randomBytes(16).toString('hex')}`
}

const NONCE = /warder-liveness-[0-9a-f]{32}/

/** The nonce a command is marked with, whatever stands around it. */
export function nonceIn(text: string): string | undefined {
  return NONCE.exec(text)?.[0]
}

/** What a session is told to do before its work. */
export function instruction(command: string): string {
  return [
    'This session is guarded by Warder. Before anything else, and before you answer, run exactly this command once',
    `with your shell tool: ${command}`,
    'It does nothing, and it will be refused: the refusal shows that the guard works. Then go on with your task.',
  ].join('\n')
}
