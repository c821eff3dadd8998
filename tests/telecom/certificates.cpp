#include "certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>
#include <vector>

namespace tessera::testing_certificates {
namespace {

template <auto Free>
struct freed_by {
    template <class Type>
    void operator()(Type* what) const {
        Free(what);
    }
};
using key_pointer = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate_pointer = std::unique_ptr<X509, freed_by<X509_free>>;
using bio_pointer = std::unique_ptr<BIO, freed_by<BIO_free>>;

void must(bool done, const char* what) {
    if (!done) throw std::runtime_error(what);
}

certificate_pointer begin_certificate(const std::string& name, EVP_PKEY* key, bool expired) {
    static long serial = 1;
    certificate_pointer made(X509_new());
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial++);
    constexpr long hour = 3'600;
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -2 * hour);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), expired ? -hour : hour);
    const std::vector<unsigned char> subject(name.begin(), name.end());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC, subject.data(),
                               static_cast<int>(subject.size()), -1, 0);
    X509_set_pubkey(made.get(), key);
    return made;
}

void extend(X509* certificate, X509* issuer, int which, const std::string& value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    auto* extension = X509V3_EXT_conf_nid(nullptr, &context, which, value.c_str());
    must(extension != nullptr, "no such extension");
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

files write(const std::filesystem::path& folder, const std::string& name, X509* certificate, EVP_PKEY* key) {
    files made{folder / (name + ".pem"), folder / (name + ".key")};
    const bio_pointer certificate_file(BIO_new_file(made.certificate.c_str(), "w"));
    const bio_pointer key_file(BIO_new_file(made.key.c_str(), "w"));
    must(PEM_write_bio_X509(certificate_file.get(), certificate) == 1, "certificate not written");
    must(PEM_write_bio_PrivateKey(key_file.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1, "key not written");
    return made;
}

}  // namespace

struct authority::material {
    key_pointer key{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")};
    certificate_pointer certificate;
};

authority::authority(std::filesystem::path folder, const std::string& name)
    : folder_(std::move(folder)), material_(std::make_unique<material>()) {
    material_->certificate = begin_certificate(name, material_->key.get(), false);
    auto* certificate = material_->certificate.get();
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    extend(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
    must(X509_sign(certificate, material_->key.get(), EVP_sha256()) > 0, "not signed");
    own_ = write(folder_, name, certificate, material_->key.get());
}
authority::~authority() = default;

files authority::sign(const std::string& name, const std::string& alternative, bool expired) {
    const key_pointer key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    const auto made = begin_certificate(name, key.get(), expired);
    X509_set_issuer_name(made.get(), X509_get_subject_name(material_->certificate.get()));
    extend(made.get(), material_->certificate.get(), NID_subject_alt_name, alternative);
    must(X509_sign(made.get(), material_->key.get(), EVP_sha256()) > 0, "not signed");
    return write(folder_, name, made.get(), key.get());
}

}  // namespace tessera::testing_certificates
