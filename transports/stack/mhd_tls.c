#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <sys/socket.h>

#include "mhd_server.h"

/* GnuTLS asks for bytes, for us or for libmicrohttpd. */
static ssize_t pull(gnutls_transport_ptr_t user, void *data, size_t size)
{
	const struct mhd_socket *socket = user;

	if (socket && socket->reading)
		return recv(socket->fd, data, size, 0);
	errno = EAGAIN;
	return -1;
}

static void read_for(const struct mhd_socket *socket, struct mhd_socket *reader)
{
	gnutls_transport_set_ptr2(socket->tls, reader,
	                          (gnutls_transport_ptr_t)(intptr_t)socket->fd);
}

void mhd_tls_take(struct mhd_socket *socket)
{
	if (!socket->tls)
		return;
	gnutls_transport_set_pull_function(socket->tls, pull);
	read_for(socket, socket);
}

void mhd_tls_give_back(struct mhd_socket *socket)
{
	if (socket->tls)
		read_for(socket, NULL);
}

/* Any error but one that passes is the end. */
static ssize_t result_of(ssize_t result)
{
	if (result >= 0)
		return result;
	errno = gnutls_error_is_fatal((int)result) ? EPROTO : EAGAIN;
	return -1;
}

ssize_t mhd_tls_read(struct mhd_socket *socket, void *data, size_t size)
{
	ssize_t result;

	socket->reading = true;
	result = gnutls_record_recv(socket->tls, data, size);
	socket->reading = false;
	return result_of(result);
}

ssize_t mhd_tls_write(struct mhd_socket *socket, const void *data, size_t size)
{
	return result_of(gnutls_record_send(socket->tls, data, size));
}

bool mhd_tls_has_pending(const struct mhd_socket *socket)
{
	return socket->tls && gnutls_record_check_pending(socket->tls);
}

void mhd_tls_shutdown(struct mhd_socket *socket)
{
	if (socket->tls)
		gnutls_bye(socket->tls, GNUTLS_SHUT_WR);
}
