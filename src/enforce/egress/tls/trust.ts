import { getCACertificates } from 'node:tls'

/** What lies in the sandbox, and where its proxy listens there. */
export interface TrustPlaces {
  /** The system's roots and the run's authority in one file. */
  readonly bundlePath: string
  /** The run's authority alone, for programs that add it to what they trust. */
  readonly authorityPath: string
  /** `http://127.0.0.1:3128` */
  readonly proxyUrl: string
  /** Hosts that are reached without it; inside a sandbox there is only its own loopback (the default). */
  readonly noProxy?: string
}

/** The roots this machine trusts, as text; empty where none can be found. */
export function readSystemRoots(): string {
  return getCACertificates('system')
    .map((pem) => `${pem.trim()}\n`)
    .join('')
}

/** For programs that know one file of roots and no other: everything they trusted before, and the run's authority. */
export function trustBundle(systemRootsPem: string, authorityPem: string): string {
  return `${systemRootsPem.trimEnd()}\n${authorityPem.trimEnd()}\n`.trimStart()
}

/** Programs that read a variable for one file of roots; the file replaces what they have built in. */
const BUNDLE_VARIABLES = [
  'SSL_CERT_FILE', // OpenSSL, Go, Ruby, Rust's native roots
  'CURL_CA_BUNDLE', // curl
  'REQUESTS_CA_BUNDLE', // Python requests
  'PIP_CERT',
  'GIT_SSL_CAINFO',
  'CARGO_HTTP_CAINFO',
  'AWS_CA_BUNDLE',
  'DENO_CERT',
  'GRPC_DEFAULT_SSL_ROOTS_FILE_PATH',
  'CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE',
  'HTTPLIB2_CA_CERTS',
  'NIX_SSL_CERT_FILE',
  'BUNDLE_SSL_CA_CERT',
  'npm_config_cafile',
] as const

/**
 * The environment that leads programs through the proxy and lets them trust the run's authority. A program that ignores
 * it reaches nothing and trusts nothing: these variables open no door, they only say where it is.
 */
export function trustEnvironment({
  bundlePath,
  authorityPath,
  proxyUrl,
  noProxy = 'localhost,127.0.0.1,::1',
}: TrustPlaces): Record<string, string> {
  const proxies = Object.fromEntries(
    ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'https_proxy', 'http_proxy', 'all_proxy'].map((name) => [
      name,
      proxyUrl,
    ]),
  )
  return {
    ...proxies,
    NO_PROXY: noProxy,
    no_proxy: noProxy,
    ...Object.fromEntries(BUNDLE_VARIABLES.map((name) => [name, bundlePath])),
    NODE_EXTRA_CA_CERTS: authorityPath,
    // Node's fetch and http look at the variables above only when they are told to (Node 24)
    NODE_USE_ENV_PROXY: '1',
    // Python's pip and uv look at their own lists of roots otherwise
    UV_NATIVE_TLS: 'true',
  }
}
