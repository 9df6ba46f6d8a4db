//! How long a client may let the server wait on one connection. Slow ones hold connections on purpose, and each
//! connection costs memory and a place among those that may be open.
//!
//! Owns every wait in which no request is being answered, and the wait for a client to take its answer. How long a
//! body may take is the business of whoever reads it, because it depends on the body.

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::{
    io::{Error, ErrorKind, IoSlice, Result},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// To send the first byte on a new connection.
    pub first_byte: Duration,
    /// To send the rest of request line and headers, from their first byte on.
    pub headers: Duration,
    /// To begin another request on the same connection; longer than proxies keep theirs.
    pub idle: Duration,
    /// To take any of its answer.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first_byte: Duration::from_secs(10),
            headers: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            answer: Duration::from_secs(30),
        }
    }
}

/// The requests of one connection that are being answered.
#[derive(Clone, Default)]
pub(super) struct Exchanges(Arc<Counts>);

#[derive(Default)]
struct Counts {
    open: AtomicUsize,
    begun: AtomicUsize,
}

impl Exchanges {
    /// Counts a request until what is returned is gone.
    pub(super) fn begin(&self) -> Exchange {
        self.0.begun.fetch_add(1, Ordering::AcqRel);
        self.0.open.fetch_add(1, Ordering::AcqRel);
        Exchange(self.0.clone())
    }
}

/// One request that is being answered.
pub(super) struct Exchange(Arc<Counts>);

impl Exchange {
    /// Makes the request count until this body is sent or given up.
    pub(super) fn until_sent(self, body: Body) -> Answer {
        Answer { body, _exchange: self }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The body of an answer, which ends its exchange when it is gone.
pub(super) struct Answer {
    body: Body,
    _exchange: Exchange,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// What a connection is doing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Open, and nothing came yet, or nothing since the last answer.
    Quiet,
    /// Some bytes of a request came.
    Head,
    /// Requests are being answered.
    Busy,
}

/// A connection that fails with [`ErrorKind::TimedOut`] when its client takes too long.
pub(super) struct Patient<S> {
    stream: S,
    patience: Patience,
    exchanges: Exchanges,
    phase: Phase,
    /// Requests begun when the connection last fell quiet.
    seen: usize,
    until: Pin<Box<Sleep>>,
    /// Set while the client takes nothing of what is written.
    stuck: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    /// Waits for the client of `stream`, whose requests are counted in `exchanges`.
    pub(super) fn new(stream: S, patience: Patience, exchanges: Exchanges) -> Self {
        let until = Box::pin(sleep(patience.first_byte));
        Self { stream, patience, exchanges, phase: Phase::Quiet, seen: 0, until, stuck: None }
    }

    fn enter(&mut self, phase: Phase, patience: Duration) {
        self.phase = phase;
        self.until.as_mut().reset(Instant::now() + patience);
    }

    /// Notices what became of requests since the last look.
    fn look(&mut self) {
        let begun = self.exchanges.0.begun.load(Ordering::Acquire);
        if self.exchanges.0.open.load(Ordering::Acquire) > 0 {
            self.phase = Phase::Busy;
        } else if begun != self.seen {
            self.seen = begun;
            self.enter(Phase::Quiet, self.patience.idle);
        }
    }

    /// What a write came to, or an error when nothing of it was taken for too long.
    fn taken<T>(&mut self, context: &mut Context<'_>, written: Poll<Result<T>>) -> Poll<Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let patience = self.patience.answer;
        ready!(self.stuck.get_or_insert_with(|| Box::pin(sleep(patience))).as_mut().poll(context));
        Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the client does not take its answer")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let this = &mut *self;
        this.look();
        let before = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut this.stream).poll_read(context, buffer) {
            if this.phase == Phase::Quiet && buffer.filled().len() > before {
                this.enter(Phase::Head, this.patience.headers);
            }
            return Poll::Ready(read);
        }
        if this.phase == Phase::Busy {
            return Poll::Pending;
        }
        ready!(this.until.as_mut().poll(context));
        Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the client sends nothing")))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let this = &mut *self;
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.taken(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let this = &mut *self;
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, parts);
        this.taken(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let this = &mut *self;
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        this.taken(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let this = &mut *self;
        let ended = Pin::new(&mut this.stream).poll_shutdown(context);
        this.taken(context, ended)
    }
}
