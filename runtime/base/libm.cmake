# stream_libm: the transcendental functions of newlib, built from Debian's source package.
#
# The C library will not do: glibc picks variants with and without fused multiply-add by the CPU that the
# process finds itself on, and their last bits differ (so do those of other C libraries and of other
# architectures). Here every target compiles the same C, one rounding an operation, under names of its own.
# exp, log, log2 and pow are Arm's optimized routines (BSD), the others Sun's fdlibm (permissive).
# Operations that IEEE 754 defines exactly (sqrt, floor, scalbn) still come from the C library.

file(GLOB STREAM_NEWLIB_ARCHIVE /usr/src/newlib/newlib-*.tar.xz)
set(STREAM_NEWLIB_ARCHIVE ${STREAM_NEWLIB_ARCHIVE} CACHE FILEPATH "Source archive of newlib")
if(NOT EXISTS "${STREAM_NEWLIB_ARCHIVE}")
  message(FATAL_ERROR "the sources of newlib are missing: install the package newlib-source")
endif()

set(libm_folder ${CMAKE_CURRENT_BINARY_DIR}/libm)
if(NOT EXISTS ${libm_folder}/unpacked)
  file(ARCHIVE_EXTRACT INPUT ${STREAM_NEWLIB_ARCHIVE} DESTINATION ${libm_folder}
       PATTERNS "*/newlib/libm/math/*.c" "*/newlib/libm/common/*.c" "*/newlib/libm/common/*.h")
  file(TOUCH ${libm_folder}/unpacked)
endif()
file(GLOB libm_source ${libm_folder}/*/newlib/libm)

set(libm_files
    common/exp.c common/exp_data.c common/log.c common/log2.c common/log2_data.c common/log_data.c
    common/math_err.c common/pow.c common/pow_log_data.c common/s_expm1.c
    math/e_acos.c math/e_asin.c math/e_atan2.c math/e_cosh.c math/e_fmod.c math/e_hypot.c math/e_log10.c
    math/e_rem_pio2.c math/e_sinh.c math/k_cos.c math/k_rem_pio2.c math/k_sin.c math/k_tan.c math/s_atan.c
    math/s_cos.c math/s_sin.c math/s_tan.c math/s_tanh.c)
list(TRANSFORM libm_files PREPEND ${libm_source}/)

# What these files define for others, each renamed to `stream_libm_<name>`.
set(libm_names
    exp log log2 pow expm1 atan cos sin tan tanh
    __ieee754_acos __ieee754_asin __ieee754_atan2 __ieee754_cosh __ieee754_fmod __ieee754_hypot
    __ieee754_log10 __ieee754_rem_pio2 __ieee754_sinh
    __kernel_cos __kernel_rem_pio2 __kernel_sin __kernel_tan
    __exp_data __log2_data __log_data __pow_log_data
    __math_check_oflow __math_check_uflow __math_divzero __math_invalid __math_oflow __math_uflow)
# <math.h> comes first: it makes names of its own out of those it declares.
set(libm_header "#include <math.h>\n#define __ieee754_sqrt sqrt\n")
foreach(name IN LISTS libm_names)
  string(REPLACE "__ieee754_" "" short_name ${name})
  string(APPEND libm_header "#define ${name} stream_libm_${short_name}\n")
endforeach()
foreach(name IN ITEMS exp log log2 expm1 atan cos sin tan tanh)
  string(APPEND libm_header "double ${name}(double);\n")
endforeach()
string(APPEND libm_header "double pow(double, double);\n")
file(CONFIGURE OUTPUT ${libm_folder}/names.h CONTENT "${libm_header}" @ONLY)
# newlib's own describes each of its targets; all of ours are little-endian and use the new functions.
file(CONFIGURE OUTPUT ${libm_folder}/include/machine/ieeefp.h
     CONTENT "#define __IEEE_LITTLE_ENDIAN\n#define __OBSOLETE_MATH 0\n" @ONLY)

set(libm_options
    -include ${libm_folder}/names.h -I${libm_folder}/include -I${libm_source}/common
    -DWANT_ERRNO=0 -DWANT_ROUNDING=0 -DHAVE_FAST_ROUND=0 -DHAVE_FAST_LROUND=0 -DHAVE_FAST_FMA=0
    -w -O2 -ffp-contract=off -fno-math-errno)
add_library(stream_libm OBJECT ${libm_files})
target_compile_options(stream_libm PRIVATE ${libm_options})
