import type { WhoAnswer } from '../../../src/api/console.ts'
import { sendJson, useCsrf } from './http.ts'
import { Problem } from './problem.ts'
import { store } from './store.ts'

/** Who sits here, as the server knows them. */
export type Session = WhoAnswer

export interface Proof {
  readonly passphrase: string
  /** Of an authenticator, where one was set up. */
  readonly code?: string
}

/** `unknown` until the server was asked; `nobody` before log-in. */
export const session = store<Session | 'unknown' | 'nobody'>('unknown')

export async function readSession(): Promise<void> {
  try {
    keep(await sendJson<Session>('GET', '/session'))
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    if (error.status !== 401) throw error
    session.set('nobody')
  }
}

function keep(found: Session): void {
  useCsrf(found.csrf)
  session.set(found)
}

/** Asks afterwards who that is, so that the page shows what the server believes. */
export async function logIn(proof: Proof): Promise<void> {
  await sendJson('POST', '/session', proof)
  await readSession()
}

export async function logInByLink(token: string): Promise<void> {
  await sendJson('POST', '/session/link', { token })
  await readSession()
}

/** By passphrase, or by a new link of the terminal. */
export async function proveAgain(proof: Proof | { readonly token: string }): Promise<void> {
  await sendJson('POST', '/session/fresh', proof)
  await readSession()
}

/** The token in a link as the terminal prints it, or the token alone. */
export function tokenOf(link: string): string {
  return /#link=([\w-]+)/.exec(link)?.[1] ?? link.trim()
}

export async function logOut(): Promise<void> {
  await sendJson('DELETE', '/session')
  forgetSession()
}

export function forgetSession(): void {
  session.set('nobody')
}
