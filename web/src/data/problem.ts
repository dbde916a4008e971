/** What the server refused or could not do, as problem details (RFC 9457) have it. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly code: string
  readonly fix: string | undefined
  readonly where: string | undefined

  constructor(status: number, body: unknown) {
    const { detail, code, fix, where } = (typeof body === 'object' && body !== null ? body : {}) as Readonly<
      Record<string, unknown>
    >
    super(typeof detail === 'string' ? detail : `the daemon answered ${status}`)
    this.status = status
    this.code = typeof code === 'string' ? code : `HTTP_${status}`
    this.fix = typeof fix === 'string' ? fix : undefined
    this.where = typeof where === 'string' ? where : undefined
  }
}

/** The daemon is away: nothing came back at all. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
  constructor(cause: unknown) {
    super('the daemon does not answer', { cause })
  }
}
