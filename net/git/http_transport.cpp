#include "net/git/http_transport.hpp"

#include "net/git/http_exchange.hpp"

#include <git2/sys/transport.h>
#include <memory>
#if __has_include(<git2/sys/errors.h>) // libgit2 1.9; 1.5 has it in git2/errors.h
#include <git2/sys/errors.h>
#endif

namespace ingot::git {

namespace {

using contents::provider_error;
using contents::trouble;

constexpr std::string_view references_path = "/info/refs?service=git-upload-pack";
constexpr std::string_view references_type = "application/x-git-upload-pack-advertisement";
constexpr std::string_view pack_type = "application/x-git-upload-pack-result";

struct subtransport;

/// libgit2's handle of one exchange.
struct stream {
  git_smart_subtransport_stream base{};
  http_traffic* traffic = nullptr;
  bool lists_references = false;
  std::unique_ptr<http_exchange> exchange;
};

struct subtransport {
  git_smart_subtransport base{};
  http_traffic* traffic = nullptr;
};

/// Runs `work`, and keeps what it throws for whoever called libgit2. @returns 0, or -1
template <class Work>
int guarded(http_traffic& traffic, Work work) noexcept {
  try {
    work();
    return 0;
  } catch (...) {
    traffic.trouble = std::current_exception();
    git_error_set_str(GIT_ERROR_NET, "the exchange failed");
    return -1;
  }
}

int read(git_smart_subtransport_stream* base, char* into, std::size_t size, std::size_t* got) {
  auto& x = *reinterpret_cast<stream*>(base);
  return guarded(*x.traffic, [&] {
    *got = x.exchange->read(into, size);
    if (x.lists_references && x.traffic->base_url.empty()) {
      auto url = x.exchange->final_url();
      if (!url.ends_with(references_path))
        throw provider_error{trouble::permanent, "the remote redirects to what is no git repository"};
      url.resize(url.size() - references_path.size());
      x.traffic->base_url = std::move(url);
    }
  });
}

int write(git_smart_subtransport_stream* base, const char* bytes, std::size_t size) {
  auto& x = *reinterpret_cast<stream*>(base);
  return guarded(*x.traffic, [&] { x.exchange->add_body({bytes, size}); });
}

void free_stream(git_smart_subtransport_stream* base) {
  delete reinterpret_cast<stream*>(base);
}

int act(git_smart_subtransport_stream** out, git_smart_subtransport* base, const char* url, git_smart_service_t action) {
  auto& x = *reinterpret_cast<subtransport*>(base);
  return guarded(*x.traffic, [&] {
    auto made = std::make_unique<stream>();
    made->base = {base, read, write, free_stream};
    made->traffic = x.traffic;
    made->lists_references = action == GIT_SERVICE_UPLOADPACK_LS;
    if (action == GIT_SERVICE_UPLOADPACK_LS)
      made->exchange =
          std::make_unique<http_exchange>(*x.traffic, url + std::string{references_path}, std::string{references_type});
    else if (action == GIT_SERVICE_UPLOADPACK)
      made->exchange =
          std::make_unique<http_exchange>(*x.traffic, x.traffic->base_url + "/git-upload-pack", std::string{pack_type});
    else
      throw provider_error{trouble::permanent, "nothing is ever pushed"};
    *out = &made.release()->base;
  });
}

int close(git_smart_subtransport*) {
  return 0;
}

void free_subtransport(git_smart_subtransport* base) {
  delete reinterpret_cast<subtransport*>(base);
}

int make_subtransport(git_smart_subtransport** out, git_transport*, void* traffic) {
  auto made = std::make_unique<subtransport>();
  made->base = {act, close, free_subtransport};
  made->traffic = static_cast<http_traffic*>(traffic);
  *out = &made.release()->base;
  return 0;
}

} // namespace

int http_traffic::make_transport(git_transport** out, git_remote* owner, void* self) {
  auto definition = git_smart_subtransport_definition{make_subtransport, 1, self};
  return git_transport_smart(out, owner, &definition);
}

} // namespace ingot::git
