import { BlockList, isIP } from "node:net";
import type { ConnectionProxy } from "./connection.ts";

/**
 * The proxy that the environment names for a server, by the rules of Go and so of kubectl: HTTPS_PROXY for https,
 * HTTP_PROXY for http, none for this machine itself and for what NO_PROXY lists. Each may be in lower case. Throws a
 * TypeError that names the variable, not its value.
 */
export function proxyFromEnvironment(
  server: URL,
  env: Readonly<Record<string, string | undefined>>,
): ConnectionProxy | undefined {
  const name = server.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const proxy = either(env, name).trim();
  if (proxy === "" || isDirect(server, either(env, "NO_PROXY"))) return undefined;
  // As with Go, "proxy:3128" is an http proxy.
  return parseProxy(proxy.includes("://") ? proxy : `http://${proxy}`, `Cannot use ${name}: it`);
}

/** Reads the address of a proxy; `subject` begins the error, which does not show the address. */
export function parseProxy(text: string, subject: string): ConnectionProxy {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^(?:https?|socks5h?):$/.test(url.protocol) || url.host === "") {
    throw new TypeError(
      `${subject} is no address of a proxy, expected http://, https:// or socks5:// with a host`,
    );
  }
  const address = `${url.protocol}//${url.host}${url.pathname === "/" ? "" : url.pathname}`;
  if (url.username === "") return { url: address };
  return {
    url: address,
    basicAuth: { username: unescaped(url.username), password: unescaped(url.password) },
  };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A "%" that stands for itself.
    return text;
  }
}

function either(env: Readonly<Record<string, string | undefined>>, name: string): string {
  return env[name] || env[name.toLowerCase()] || "";
}

function isDirect(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = server.port || (server.protocol === "https:" ? "443" : "80");
  if (host === "localhost" || inSubnet(host, "127.0.0.0/8") || host === "::1") return true;
  const entries = noProxy.toLowerCase().split(",").map((each) => each.trim()).filter((each) => each !== "");
  return entries.some((entry) => entry === "*" || inSubnet(host, entry) || matches(entry, host, port));
}

/** `host`, `.domain`, `*.domain` or an address, each with `:port` or without. */
function matches(entry: string, host: string, port: string): boolean {
  const [, bracketed, plain = "", wanted = port] = /^(?:\[([^\]]*)\]|([^:]*))(?::([0-9]+))?$/.exec(entry) ??
    [entry, entry];
  const name = bracketed ?? plain;
  if (name === "" || wanted !== port) return false;
  if (isIP(name) !== 0 || isIP(host) !== 0) return sameAddress(name, host);
  const domain = name.replace(/^\*\./, ".");
  return domain.startsWith(".") ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

function sameAddress(a: string, b: string): boolean {
  return isIP(a) !== 0 && inSubnet(b, `${a}/${isIP(a) === 4 ? 32 : 128}`);
}

function inSubnet(host: string, cidr: string): boolean {
  const [, network = "", bits = ""] = /^(.*)\/([0-9]{1,3})$/.exec(cidr) ?? [];
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || Number(bits) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  const type = family === 4 ? "ipv4" : "ipv6";
  list.addSubnet(network, Number(bits), type);
  return list.check(host, type);
}
