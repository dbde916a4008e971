/**
 * MCP over HTTP: Streamable HTTP on the loopback interface, in front of one or many servers, in the revisions with sessions
 * and in the one without. It promises that a request was meant for this server and comes from a client that has a token;
 * that what header fields say is what the body says; that no session, no answer and no cached list of one caller reaches
 * another; and that whatever is too large, too slow or malformed ends in an answer. What a message may do it leaves to the
 * session behind it, which it is handed.
 */
export { callerOf, type Caller } from './callers.ts'
export { type Opened, type ServeHost } from './lines.ts'
export { SERVE_LIMITS, startServe, type Served, type ServeLimits, type ServeOptions } from './serve.ts'
export { Remote, type Reach, type Reached, type RemoteOptions } from './remote.ts'
