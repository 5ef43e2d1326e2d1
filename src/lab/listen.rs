//! The lab's listening socket, whose connections can be cut from inside.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Accepts connections until the lab is stopped.
#[derive(Debug)]
pub struct FaultyListener {
    /// the socket
    pub listener: TcpListener,
    /// cuts every connection
    pub closed: CancellationToken,
}

/// A connection that breaks when its token is cancelled.
#[derive(Debug)]
pub struct CuttableStream {
    stream: TcpStream,
    token: CancellationToken,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

/// Cuts the connection a request came over.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "only tests cut a connection"))]
pub struct Cut(pub CancellationToken);

impl Connected<IncomingStream<'_, FaultyListener>> for Cut {
    fn connect_info(stream: IncomingStream<'_, FaultyListener>) -> Self {
        Self(stream.io().token.clone())
    }
}

impl Listener for FaultyListener {
    type Io = CuttableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (CuttableStream, SocketAddr) {
        loop {
            let Ok((stream, from)) = self.listener.accept().await else {
                // Out of file handles or the like: others must finish first.
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            };
            // A lost Nagle setting only makes answers slower.
            let _ = stream.set_nodelay(true);
            let token = self.closed.child_token();
            let cut = Box::pin(token.clone().cancelled_owned());
            return (CuttableStream { stream, token, cut }, from);
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl CuttableStream {
    fn broken(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.cut.as_mut().poll(context).is_ready() {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl AsyncRead for CuttableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.broken(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.broken(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.broken(context)?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
