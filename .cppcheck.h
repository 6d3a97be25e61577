/* What cppcheck, which reads no system headers, has to know of macros. */
#define json_array_foreach(a, i, v) \
	for ((i) = 0; (i) < json_array_size(a) && \
		      ((v) = json_array_get(a, i)); ++(i))
#define json_object_foreach(o, k, v) \
	for ((k) = first_key(o); (k) && ((v) = value_of(k)); (k) = next_key(k))
#define START_TEST(n) static void n(int _i)
#define END_TEST
#define TEST_SUITE(s)
#define G_BEGIN_DECLS
#define G_END_DECLS
