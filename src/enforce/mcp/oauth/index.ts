/**
 * Logging in for MCP servers elsewhere (OAuth 2.1 as MCP uses it). It promises that a code is of no use to who steals it, that a token is
 * asked for one server and no other, and that neither stands in an error. It trusts the owner to know the server he names,
 * and nothing that server says but where to ask. What is done with a token is for whoever called.
 */
export { discover, type Ask, type Authority } from './discovery.ts'
export { MCP_LOGIN_ERRORS, McpLoginError, refused } from './error.ts'
export { isSame, login, renewed, type Login, type LoginPorts, type Refresh } from './login.ts'
