import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import {
  PEOPLE_CALLS,
  PROOF_HEADERS,
  type PeopleCall,
  type PeopleCallName,
  type PeopleInput,
  type PeopleOutput,
} from '../api/people-calls.ts'
import { messageOf, systemCode } from '../core/error.ts'
import { publicKeyFromRaw, rawPublicKey } from '../core/note.ts'
import { helloText, isSignedBy, requestText } from '../core/proof.ts'
import { clientError } from './error.ts'
import { readJson, readLines, throwProblem } from './reply.ts'

/** The near end of the socket for guests and devices. */
export interface PeopleClient {
  /** A call that needs no proof. */
  join<N extends PeopleCallName>(name: N, input: PeopleInput<N>): Promise<PeopleOutput<N>>
  /** A call that is signed by `key`, with the token that was issued for it. */
  call<N extends PeopleCallName>(name: N, input: PeopleInput<N>, by: Holder): Promise<PeopleOutput<N>>
  /** A call that answers line by line, signed likewise. */
  stream<N extends PeopleCallName>(
    name: N,
    input: PeopleInput<N>,
    by: Holder,
    signal?: AbortSignal,
  ): AsyncIterable<PeopleOutput<N>>
  /** Makes sure that the far end holds this key. @returns the far end's key @throws ClientError `DAEMON_UNPROVED` */
  hello(expected?: string): Promise<string>
}

/** Who signs. */
export interface Holder {
  readonly key: KeyObject
  /** Empty where there is none yet. */
  readonly token: string
}

const MAX_REPLY_BYTES = 8 * 1024 * 1024

export function peopleClient(socketPath: string, now: () => number): PeopleClient {
  const send = async <N extends PeopleCallName>(
    name: N,
    input: PeopleInput<N>,
    by: Holder | undefined,
  ): Promise<PeopleOutput<N>> => {
    const shape: PeopleCall = PEOPLE_CALLS[name]
    const body = JSON.stringify(input)
    const headers = by === undefined ? {} : proofHeaders(shape.path, body, by, now())
    const { status, json } = await post(socketPath, shape.path, body, headers)
    if (status >= 400) throwProblem(status, json)
    return shape.output.parse(json) as PeopleOutput<N>
  }
  return {
    join: (name, input) => send(name, input, undefined),
    call: (name, input, by) => send(name, input, by),
    async *stream(name, input, by, signal) {
      const shape: PeopleCall = PEOPLE_CALLS[name]
      const body = JSON.stringify(input)
      const headers = proofHeaders(shape.path, body, by, now())
      const response = await posted(socketPath, shape.path, body, headers, signal)
      const status = response.statusCode ?? 0
      if (status >= 400) throwProblem(status, await readJson(response, MAX_REPLY_BYTES))
      for await (const value of readLines(response))
        yield shape.output.parse(value) as PeopleOutput<typeof name>
    },
    async hello(expected) {
      const nonce = randomBytes(32).toString('base64url')
      const { server, signature } = await send('hello', { nonce }, undefined)
      const isProven =
        (expected === undefined || server === expected) &&
        isSignedBy(
          publicKeyFromRaw(Buffer.from(server, 'base64url')),
          helloText({ nonce, server }),
          signature,
        )
      if (isProven) return server
      throw clientError('DAEMON_UNPROVED', {
        what: 'what answers on the socket is not the host that invited you, or that you paired with',
        fix: 'ask its owner for the path of the socket; do not go on here',
        where: socketPath,
      })
    },
  }
}

function proofHeaders(
  path: string,
  body: string,
  { key, token }: Holder,
  time: number,
): Record<string, string> {
  const nonce = randomBytes(24).toString('base64url')
  const text = requestText({ method: 'POST', path, body, nonce, time, token })
  return {
    ...(token === '' ? {} : { [PROOF_HEADERS.token]: token }),
    [PROOF_HEADERS.nonce]: nonce,
    [PROOF_HEADERS.time]: String(time),
    [PROOF_HEADERS.signature]: signed(key, text),
  }
}

export function signed(key: KeyObject, text: string): string {
  return sign(null, Buffer.from(text), key).toString('base64url')
}

export interface KeyPair {
  readonly key: KeyObject
  /** The public half, 32 bytes in base64url. */
  readonly publicKey: string
}

export function newKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return { key: privateKey, publicKey: rawPublicKey(publicKey).toString('base64url') }
}

export function keyPairOf(pkcs8: string): KeyPair {
  const key = createPrivateKey({ key: Buffer.from(pkcs8, 'base64'), format: 'der', type: 'pkcs8' })
  return { key, publicKey: rawPublicKey(createPublicKey(key)).toString('base64url') }
}

export function pkcs8Of({ key }: KeyPair): string {
  return key.export({ format: 'der', type: 'pkcs8' }).toString('base64')
}

async function post(
  socketPath: string,
  path: string,
  body: string,
  headers: Record<string, string>,
): Promise<{ status: number; json: unknown }> {
  const response = await posted(socketPath, path, body, headers)
  return { status: response.statusCode ?? 0, json: await readJson(response, MAX_REPLY_BYTES) }
}

function posted(
  socketPath: string,
  path: string,
  body: string,
  headers: Record<string, string>,
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const request = httpRequest({
    socketPath,
    method: 'POST',
    path,
    ...(signal === undefined ? {} : { signal }),
    headers: {
      host: 'warder',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      connection: 'close',
      ...headers,
    },
  })
  request.once('response', resolve)
  request.once('error', (cause) =>
    reject(
      clientError('DAEMON_UNREACHABLE', {
        what: `nobody answers on ${socketPath}: ${systemCode(cause) ?? messageOf(cause)}`,
        fix: 'ask its owner whether the daemon runs and people.socket is set',
        where: socketPath,
        cause,
      }),
    ),
  )
  request.end(body)
  return promise
}
