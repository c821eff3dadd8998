// Certificates for tests, made while they run: an authority, and what it signs.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace tessera::testing_certificates {

struct files {
    std::string certificate, key;
};

class authority {
public:
    // Everything it makes stands in `folder`, under `name`.
    authority(std::filesystem::path folder, const std::string& name);
    ~authority();
    authority(const authority&) = delete;
    authority& operator=(const authority&) = delete;

    [[nodiscard]] const std::string& certificate() const { return own_.certificate; }
    // For a subject alternative name as OpenSSL writes it: "DNS:smsc.example", "IP:127.0.0.1".
    [[nodiscard]] files sign(const std::string& name, const std::string& alternative, bool expired = false);

private:
    struct material;
    std::filesystem::path folder_;
    std::unique_ptr<material> material_;
    files own_;
};

}  // namespace tessera::testing_certificates
