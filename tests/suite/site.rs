//! A website that does as it is told, and remembers who asked for what.
//!
//! Speaks HTTP/1.1 by hand, because it has to be able to break every rule of it; and HTTP/2, over TLS, properly.

use std::{
    collections::HashMap,
    fmt, io,
    net::{SocketAddr, TcpListener as StdListener},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use axum::http::Response;
use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// What a path answers with.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Arc<[u8]>,
    manner: Manner,
    delay: Duration,
}

/// How it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Properly.
    Whole,
    /// So many bytes of the body that was announced, then the end.
    CutAfter(usize),
    /// No length announced: the end of the connection is the end of the body.
    UntilClosed,
    /// The body again and again, for as long as somebody listens.
    Endless,
    /// A TCP reset instead of an answer.
    Reset,
    /// Nothing, ever.
    Silent,
    /// Yes; and from then on the connection leads to another server, as behind a proxy.
    Tunnel(SocketAddr),
}

impl Reply {
    pub(crate) fn html(body: impl Into<Vec<u8>>) -> Reply {
        Reply::new(200, body).header("content-type", "text/html; charset=utf-8")
    }

    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Reply {
        let body: Vec<u8> = body.into();
        Reply { status, headers: Vec::new(), body: body.into(), manner: Manner::Whole, delay: Duration::ZERO }
    }

    pub(crate) fn text(body: &str) -> Reply {
        Reply::new(200, body).header("content-type", "text/plain; charset=utf-8")
    }

    pub(crate) fn xml(body: impl Into<Vec<u8>>) -> Reply {
        Reply::new(200, body).header("content-type", "application/xml")
    }

    pub(crate) fn status(status: u16) -> Reply {
        Reply::new(status, format!("<!doctype html><html><body><p>Status {status}.</p></body></html>"))
            .header("content-type", "text/html")
    }

    pub(crate) fn redirect(status: u16, to: &str) -> Reply {
        Reply::new(status, "").header("location", to)
    }

    pub(crate) fn reset() -> Reply {
        Reply { manner: Manner::Reset, ..Reply::new(200, "") }
    }

    pub(crate) fn silent() -> Reply {
        Reply { manner: Manner::Silent, ..Reply::new(200, "") }
    }

    /// What a proxy answers to `CONNECT`.
    pub(crate) fn tunnel(to: &Site) -> Reply {
        Reply { manner: Manner::Tunnel(to.address), ..Reply::new(200, "") }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn cut_after(self, bytes: usize) -> Reply {
        Reply { manner: Manner::CutAfter(bytes), ..self }
    }

    pub(crate) fn until_closed(self) -> Reply {
        Reply { manner: Manner::UntilClosed, ..self }
    }

    pub(crate) fn endless(self) -> Reply {
        Reply { manner: Manner::Endless, ..self }
    }

    pub(crate) fn delayed(self, delay: Duration) -> Reply {
        Reply { delay, ..self }
    }
}

/// One request, as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query; a whole URL where a proxy is asked, host and port where for a tunnel.
    pub(crate) path: String,
    /// When its last header line had arrived.
    pub(crate) at: Instant,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// A running website; it ends with its runtime.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    address: SocketAddr,
    scheme: &'static str,
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    /// Told at every request.
    asked: Notify,
    /// Told when the gate opens.
    opened: Notify,
}

/// Answers by a function of the path and of how often it was asked for before.
#[derive(Clone)]
struct Script(Arc<Answers>);

type Answers = dyn Fn(&str, u64) -> Reply + Send + Sync;

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

#[derive(Debug, Default)]
struct State {
    /// What answers where no path of `paths` does.
    script: Option<Script>,
    /// How often the script was asked for each path.
    attempts: HashMap<String, u64>,
    paths: HashMap<String, Reply>,
    /// Answers for once, before the lasting one.
    once: HashMap<String, Vec<Reply>>,
    log: Vec<Request>,
    connections: u64,
    /// Requests for a page that certainly does not exist.
    probes: u64,
    under_way: usize,
    peak: usize,
    /// Whether answers carry an `ETag`, and requests that name it get 304.
    validates: bool,
    /// Whether answers wait until the gate is opened.
    gated: bool,
    /// What every answer to a page waits.
    pace: Duration,
}

impl Site {
    /// An empty site on a free port: every path answers 404.
    pub(crate) fn new() -> Site {
        Site::start("http", "127.0.0.1:0", None)
    }

    /// The same, as a host of its own: `address` is one of this machine's.
    pub(crate) fn on(address: &str) -> Site {
        Site::start("http", address, None)
    }

    /// The same over TLS.
    pub(crate) fn encrypted(acceptor: TlsAcceptor) -> Site {
        Site::start("https", "127.0.0.1:0", Some(acceptor))
    }

    fn start(scheme: &'static str, address: &str, acceptor: Option<TlsAcceptor>) -> Site {
        let listener = StdListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let site = Site { address, scheme, inner: Arc::default() };
        tokio::spawn(accept(TcpListener::from_std(listener).unwrap(), acceptor, Arc::clone(&site.inner)));
        site
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// A page with this text and links to these paths.
    pub(crate) fn page(&self, path: &str, text: &str, links: &[&str]) -> &Site {
        self.at(path, Reply::html(html(path, text, links)))
    }

    /// What `path` (with its query) answers from now on.
    pub(crate) fn at(&self, path: &str, reply: Reply) -> &Site {
        self.state().paths.insert(path.to_owned(), reply);
        self
    }

    /// What `path` answers the next time only; said several times, it is done in that order.
    pub(crate) fn once(&self, path: &str, reply: Reply) -> &Site {
        self.state().once.entry(path.to_owned()).or_default().push(reply);
        self
    }

    /// Answers every path that nothing was said of by a function of the path and of how often it was asked for
    /// before: a site of any size, of which nothing is kept.
    pub(crate) fn script(&self, reply: impl Fn(&str, u64) -> Reply + Send + Sync + 'static) -> &Site {
        self.state().script = Some(Script(Arc::new(reply)));
        self
    }

    /// Makes `path` answer 404 again.
    pub(crate) fn remove(&self, path: &str) -> &Site {
        self.state().paths.remove(path);
        self
    }

    /// From now on answers carry an `ETag`, and what has not changed is answered 304.
    pub(crate) fn validates(&self) -> &Site {
        self.state().validates = true;
        self
    }

    /// Every answer to come takes so long.
    pub(crate) fn paced(&self, pace: Duration) -> &Site {
        self.state().pace = pace;
        self
    }

    /// From now on answers wait for [`Site::open`].
    pub(crate) fn gate(&self) -> &Site {
        self.state().gated = true;
        self
    }

    pub(crate) fn open(&self) {
        self.state().gated = false;
        self.inner.opened.notify_waiters();
    }

    /// Waits until so many requests have come in.
    pub(crate) async fn asked(&self, requests: usize, limit: Duration) {
        let enough = async {
            loop {
                let told = self.inner.asked.notified();
                if self.state().log.len() >= requests {
                    return;
                }
                told.await;
            }
        };
        tokio::time::timeout(limit, enough)
            .await
            .unwrap_or_else(|_| panic!("{requests} requests within {limit:?}"));
    }

    /// Everything that was asked for so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state().log.clone()
    }

    /// How often a page was asked for that certainly does not exist.
    pub(crate) fn probes(&self) -> u64 {
        self.state().probes
    }

    /// The paths that were asked for, sorted, each as often as it was.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths: Vec<_> = self.state().log.iter().map(|request| request.path.clone()).collect();
        paths.sort();
        paths
    }

    /// How often `path` was asked for.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.state().log.iter().filter(|request| request.path == path).count()
    }

    /// How many connections were opened.
    pub(crate) fn connections(&self) -> u64 {
        self.state().connections
    }

    pub(crate) fn forget_requests(&self) {
        self.state().log.clear();
    }

    /// The most requests that were under way at once.
    pub(crate) fn peak(&self) -> usize {
        self.state().peak
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap()
    }
}

/// A page as sites make them: head, navigation, and one text that is its own.
pub(crate) fn html(path: &str, text: &str, links: &[&str]) -> String {
    let links: String =
        links.iter().map(|link| format!("<li><a href=\"{link}\">to {link}</a></li>")).collect();
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Page {path}</title></head><body>\
         <nav><ul>{links}</ul></nav><main><h1>About {path}</h1><p>{text}</p></main></body></html>"
    )
}

async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, inner: Arc<Inner>) {
    while let Ok((stream, _)) = listener.accept().await {
        inner.state.lock().unwrap().connections += 1;
        let (inner, acceptor) = (Arc::clone(&inner), acceptor.clone());
        tokio::spawn(async move {
            // The other side may hang up whenever it likes.
            let _hung_up = match acceptor {
                None => serve(stream, &inner).await,
                Some(acceptor) => serve_encrypted(stream, &acceptor, inner).await,
            };
        });
    }
}

async fn serve_encrypted(stream: TcpStream, acceptor: &TlsAcceptor, inner: Arc<Inner>) -> io::Result<()> {
    let stream = acceptor.accept(stream).await?;
    match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => serve_http2(stream, inner).await.map_err(io::Error::other),
        _ => serve(stream, &inner).await,
    }
}

async fn serve_http2(stream: TlsStream<TcpStream>, inner: Arc<Inner>) -> Result<(), h2::Error> {
    let mut connection = h2::server::handshake(stream).await?;
    while let Some(exchange) = connection.accept().await {
        let (request, mut respond) = exchange?;
        let inner = Arc::clone(&inner);
        tokio::spawn(async move {
            // What is asked for without TLS, over TLS, is asked of a proxy.
            let path = match request.uri().scheme_str() {
                Some("http") => request.uri().to_string(),
                _ => request.uri().path_and_query().unwrap().to_string(),
            };
            let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
                (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            };
            let headers = request.headers().iter().map(header).collect();
            let method = request.method().to_string();
            let request = Request { method, path, at: Instant::now(), headers, body: Vec::new() };
            let _under_way = UnderWay::begin(&inner, request.clone());
            let reply = decide(&inner, &request).await;
            let mut head = Response::builder().status(reply.status);
            for (name, value) in &reply.headers {
                head = head.header(name, value);
            }
            // The other side may have gone.
            if let Ok(mut body) = respond.send_response(head.body(()).unwrap(), false) {
                let _gone = body.send_data(Bytes::copy_from_slice(&reply.body), true);
            }
        });
    }
    Ok(())
}

/// What an exchange goes over.
trait Wire: AsyncRead + AsyncWrite + Unpin {
    fn tcp(&self) -> &TcpStream;
}

impl Wire for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Wire for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

async fn serve(mut stream: impl Wire, inner: &Inner) -> io::Result<()> {
    stream.tcp().set_nodelay(true)?;
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer).await? {
        let under_way = UnderWay::begin(inner, request.clone());
        let reply = decide(inner, &request).await;
        let keeps_on = send(&mut stream, &reply).await?;
        drop(under_way);
        if !keeps_on {
            break;
        }
    }
    Ok(())
}

/// A request that is being answered.
struct UnderWay<'a>(&'a Inner);

impl UnderWay<'_> {
    fn begin(inner: &Inner, request: Request) -> UnderWay<'_> {
        let mut state = inner.state.lock().unwrap();
        // Every run asks for one page that certainly does not exist: the question is about the site, not for a page.
        if request.path.contains("/corpusd-") {
            state.probes += 1;
        } else {
            state.log.push(request);
        }
        state.under_way += 1;
        state.peak = state.peak.max(state.under_way);
        inner.asked.notify_waiters();
        UnderWay(inner)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.state.lock().unwrap().under_way -= 1;
    }
}

async fn read_request(stream: &mut impl Wire, buffer: &mut Vec<u8>) -> io::Result<Option<Request>> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head: Vec<u8> = buffer.drain(..end).collect();
    let head = String::from_utf8_lossy(&head);
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut request =
        Request { method, path, at: Instant::now(), headers: headers.collect(), body: Vec::new() };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while buffer.len() < length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    request.body = buffer.drain(..length).collect();
    Ok(Some(request))
}

async fn decide(inner: &Inner, request: &Request) -> Reply {
    let (told, script, validates, pace) = {
        let mut state = inner.state.lock().unwrap();
        let once = state.once.get_mut(&request.path).filter(|replies| !replies.is_empty());
        let once = once.map(|replies| replies.remove(0));
        let told = once.or_else(|| state.paths.get(&request.path).cloned());
        let script = state.script.clone().filter(|_| told.is_none()).map(|script| {
            let attempts = state.attempts.entry(request.path.clone()).or_default();
            *attempts += 1;
            (script, *attempts - 1)
        });
        (told, script, state.validates && request.path != "/robots.txt", state.pace)
    };
    let scripted = || script.map(|(script, attempt)| script.0(&request.path, attempt));
    let mut reply = told.or_else(scripted).unwrap_or_else(|| Reply::status(404));
    loop {
        let opened = inner.opened.notified();
        if !inner.state.lock().unwrap().gated {
            break;
        }
        opened.await;
    }
    tokio::time::sleep(reply.delay + pace).await;
    if validates && reply.status == 200 {
        let etag = format!("\"{:x}\"", xxhash_rust::xxh3::xxh3_64(&reply.body));
        if request.header("if-none-match") == Some(etag.as_str()) {
            reply = Reply::new(304, "");
        }
        reply = reply.header("etag", &etag);
    }
    reply
}

/// Answers, and tells whether the connection is still good for another request.
async fn send(stream: &mut impl Wire, reply: &Reply) -> io::Result<bool> {
    match reply.manner {
        Manner::Reset => {
            stream.tcp().set_zero_linger()?;
            return Ok(false);
        }
        Manner::Tunnel(to) => {
            stream.write_all(b"HTTP/1.1 200 As told\r\n\r\n").await?;
            copy_bidirectional(stream, &mut TcpStream::connect(to).await?).await?;
            return Ok(false);
        }
        Manner::Silent => std::future::pending().await,
        _ => {}
    }
    let mut head = format!("HTTP/1.1 {} As told\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    match reply.manner {
        Manner::Whole | Manner::CutAfter(_) if reply.status == 304 => {}
        Manner::Whole | Manner::CutAfter(_) => {
            head.push_str(&format!("content-length: {}\r\n", reply.body.len()));
        }
        _ => head.push_str("connection: close\r\n"),
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    match reply.manner {
        Manner::CutAfter(bytes) => stream.write_all(&reply.body[..bytes.min(reply.body.len())]).await?,
        Manner::Endless => loop {
            stream.write_all(&reply.body).await?;
        },
        _ => stream.write_all(&reply.body).await?,
    }
    stream.flush().await?;
    Ok(reply.manner == Manner::Whole)
}

/// A listener that nobody may connect to.
#[derive(Debug)]
pub(crate) struct Canary(StdListener);

impl Canary {
    pub(crate) fn new() -> Canary {
        let listener = StdListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Canary(listener)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.0.local_addr().unwrap())
    }

    /// Fails where somebody has connected: the kernel keeps every connection until it is accepted.
    pub(crate) fn assert_alive(&self) {
        match self.0.accept() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            other => panic!("something connected to the canary: {other:?}"),
        }
    }
}
