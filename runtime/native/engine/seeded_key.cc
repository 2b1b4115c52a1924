#include "seeded_key.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include "engine.hpp"
#include "error.hpp"
#include "pack.hpp"
#include "seal_format.hpp"

namespace fhec {
namespace {

struct Header {
  std::array<char, 4> magic;
  std::uint32_t degree;
  std::uint32_t level;
  std::uint32_t special_count;
  std::uint64_t element;
  std::array<std::uint8_t, 32> modulus;
  Seed seed;
};
static_assert(sizeof(Header) == 88 && std::endian::native == std::endian::little,
              "the header lies in memory as in the file");

constexpr std::array<char, 4> magic = {'F', 'S', 'K', '1'};

const Limb& limb_at(const Ring& ring, const KeyBasis& basis, std::size_t j) {
  return ring.limbs[basis.ring_limb(ring, j)];
}

std::array<std::uint8_t, 32> modulus_of(const Ring& ring, const KeyBasis& basis) {
  std::vector<Word> primes;
  for (std::size_t j = 0; j < basis.limb_count(); j++) primes.push_back(limb_at(ring, basis, j).modulus.value);
  return seal_modulus_id(ring.degree, primes);
}

/// Where each limb of a digit begins behind the begin of the digit, and the length of a digit.
std::vector<std::size_t> limb_offsets(const Ring& ring, const KeyBasis& basis) {
  std::vector<std::size_t> offsets = {0};
  for (std::size_t j = 0; j < basis.limb_count(); j++)
    offsets.push_back(offsets.back() +
                      ring.degree / 8 * static_cast<std::size_t>(limb_at(ring, basis, j).modulus.bits));
  return offsets;
}

[[noreturn]] void refuse(const std::string& what) { throw Error("FHE0702", "an evaluation key with " + what); }

Header checked_header(const Ring& ring, std::span<const std::uint8_t> bytes) {
  Header header;
  if (bytes.size() < sizeof header) refuse("fewer bytes than its header");
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != magic) refuse("another magic number");
  if (header.degree != ring.degree) refuse("ring degree " + std::to_string(header.degree));
  if (header.level >= ring.data_count) refuse("level " + std::to_string(header.level));
  if (header.special_count < 1 || header.special_count > ring.special_count)
    refuse(std::to_string(header.special_count) + " special primes");
  if (header.element % 2 == 0 || header.element >= 2 * ring.degree)
    refuse("Galois element " + std::to_string(header.element));
  if (header.modulus != modulus_of(ring, {header.level, header.special_count})) refuse("other primes than the ring's");
  return header;
}

}  // namespace

KeyShape key_shape(const Ring& ring, KeyBasis basis) {
  if (basis.level >= ring.data_count || basis.special_count < 1 || basis.special_count > ring.special_count)
    throw Error("FHE0801", "the ring has no level " + std::to_string(basis.level) + " with " +
                               std::to_string(basis.special_count) + " special primes");
  std::vector<Word> data;
  std::vector<Word> special;
  for (std::size_t i = 0; i <= basis.level; i++) data.push_back(ring.limbs[i].modulus.value);
  for (std::size_t i = 0; i < basis.special_count; i++) special.push_back(ring.special(i).modulus.value);
  return {basis, digits_of(data, special)};
}

void expand_seed(Word* out, const Seed& seed, std::size_t d, std::size_t j, const Ring& ring, const KeyBasis& basis) {
  ChaCha20 stream(seed, {static_cast<std::uint32_t>(d), static_cast<std::uint32_t>(j), 0});
  sample_uniform({out, ring.degree}, stream, limb_at(ring, basis, j).modulus);
}

SwitchKey expand(Engine& engine, const SeededKey& seeded) {
  const KeyShape& shape = seeded.shape;
  const std::size_t limbs = shape.basis.limb_count();
  SwitchKey key(engine.memory(), engine.ring(), shape);
  // By limb, so that threads write to different pages.
  engine.pool().for_each(limbs, [&](std::size_t j) {
    Polynomial uniform(engine.memory(), engine.ring().degree, 1);
    for (std::size_t d = 0; d < shape.digits.size(); d++) {
      expand_seed(uniform.limb(0), seeded.seed, d, j, engine.ring(), shape.basis);
      key.put(0, d, j, seeded.b.limb(d * limbs + j));
      key.put(1, d, j, uniform.limb(0));
    }
  });
  return key;
}

std::size_t seeded_key_bytes(const Ring& ring, const KeyShape& shape) {
  return sizeof(Header) + shape.digits.size() * limb_offsets(ring, shape.basis).back();
}

void write_seeded_key(Engine& engine, const SeededKey& key, std::span<std::uint8_t> out) {
  const Ring& ring = engine.ring();
  const KeyShape& shape = key.shape;
  const KeyBasis& basis = shape.basis;
  if (out.size() != seeded_key_bytes(ring, shape))
    throw Error("FHE0801", "a key is written to as many bytes as it takes");
  const Header header{magic,
                      static_cast<std::uint32_t>(ring.degree),
                      static_cast<std::uint32_t>(basis.level),
                      static_cast<std::uint32_t>(basis.special_count),
                      shape.element,
                      modulus_of(ring, basis),
                      key.seed};
  std::memcpy(out.data(), &header, sizeof header);
  const std::vector<std::size_t> offsets = limb_offsets(ring, basis);
  const std::size_t limbs = basis.limb_count();
  engine.pool().for_each(shape.digits.size() * limbs, [&](std::size_t task) {
    const auto width = static_cast<std::size_t>(limb_at(ring, basis, task % limbs).modulus.bits);
    std::uint8_t* to = out.data() + sizeof(Header) + task / limbs * offsets.back() + offsets[task % limbs];
    for (std::size_t i = 0; i < ring.degree; i += 8, to += width) {
      Word packed[8];
      pack(packed, key.b.limb(task) + i, 8, static_cast<int>(width));
      std::memcpy(to, packed, width);
    }
  });
}

SwitchKey read_seeded_key(Engine& engine, std::span<const std::uint8_t> bytes) {
  const Ring& ring = engine.ring();
  const Header header = checked_header(ring, bytes);
  KeyShape shape = key_shape(ring, {header.level, header.special_count});
  shape.element = header.element;
  if (bytes.size() != seeded_key_bytes(ring, shape)) refuse(std::to_string(bytes.size()) + " bytes");
  const KeyBasis& basis = shape.basis;
  const std::vector<std::size_t> offsets = limb_offsets(ring, basis);
  SwitchKey key(engine.memory(), ring, shape);
  engine.pool().for_each(basis.limb_count(), [&](std::size_t j) {
    const Modulus& q = limb_at(ring, basis, j).modulus;
    const auto width = static_cast<std::size_t>(q.bits);
    Polynomial half(engine.memory(), ring.degree, 1);
    Word* words = half.limb(0);
    for (std::size_t d = 0; d < shape.digits.size(); d++) {
      const std::uint8_t* from = bytes.data() + sizeof(Header) + d * offsets.back() + offsets[j];
      for (std::size_t i = 0; i < ring.degree; i += 8, from += width) {
        Word group[8] = {};
        std::memcpy(group, from, width);
        unpack(words + i, group, 8, static_cast<int>(width));
      }
      if (*std::max_element(words, words + ring.degree) >= q.value) refuse("a coefficient that is not below its prime");
      key.put(0, d, j, words);
      expand_seed(words, header.seed, d, j, ring, basis);
      key.put(1, d, j, words);
    }
  });
  return key;
}

}  // namespace fhec
