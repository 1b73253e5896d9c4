#include "launch/free_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "core/error.h"
#include "core/plain_file.h"

namespace sana {

int64_t free_port() {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  const bool ok = socket.get() >= 0 && ::bind(socket.get(), any, size) == 0 &&
                  ::getsockname(socket.get(), any, &size) == 0;
  if (!ok) throw EnvironmentError("no port is free on this host");
  return ntohs(address.sin_port);
}

}  // namespace sana
