import { KnownError, type ErrorCatalogue } from '../../../core/error.ts'

export const TLS_ERRORS = {
  TLS_HOST_OUTSIDE: {
    kind: 'forbidden',
    meaning: 'a certificate was asked for a host whose connections this run does not have opened',
  },
  TLS_AUTHORITY_ENDED: {
    kind: 'conflict',
    meaning: 'the certificate authority of a run was used after its time, or after the run ended',
  },
  TLS_UPSTREAM_UNVERIFIED: {
    kind: 'forbidden',
    meaning: 'a server did not prove who it is: its certificate, name or pinned key is not right',
  },
} as const satisfies ErrorCatalogue

/** A connection could not be opened safely on one of its two sides; nothing was sent. */
export class TlsError extends KnownError<typeof TLS_ERRORS> {
  override readonly name = 'TlsError'

  constructor(code: keyof typeof TLS_ERRORS, what: string, fix: string, cause?: unknown) {
    super(TLS_ERRORS, code, { what, fix, ...(cause === undefined ? {} : { cause }) })
  }
}
