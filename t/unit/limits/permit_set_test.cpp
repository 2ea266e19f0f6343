#include "mod_wsflow/limits/permit_set.hpp"

#include <catch2/catch.hpp>

using namespace wsflow::limits;

TEST_CASE("a set of permits has those that were put in, and no reference that the table has not",
          "[limits]") {
  PermitSet permits;
  permits.insert(PermitRef::of(0));
  permits.insert(PermitRef::of(kPermits - 1));
  CHECK(permits.contains(PermitRef::of(0)));
  CHECK_FALSE(permits.contains(PermitRef::of(1)));
  CHECK(permits.contains(PermitRef::of(kPermits - 1)));
  CHECK_FALSE(permits.contains(PermitRef::of(kPermits)));
  CHECK_FALSE(permits.contains({}));
}
