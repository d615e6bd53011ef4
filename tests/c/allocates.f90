! Fortran's allocate, and an array that grows.
module allocates
  use iso_c_binding
  implicit none
  real(c_double), allocatable, save :: kept(:)
  real(c_float), allocatable, save :: grown(:)
contains
  subroutine take(count) bind(c)
    integer(c_int), value :: count
    allocate(kept(count))
    kept = 1.5d0
  end subroutine take

  subroutine grow(count) bind(c)
    integer(c_int), value :: count
    real(c_float), allocatable :: larger(:)
    allocate(grown(count / 2))
    grown = 1.0
    allocate(larger(count))
    larger(1:count / 2) = grown
    call move_alloc(larger, grown)
  end subroutine grow
end module allocates
