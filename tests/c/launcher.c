/* Python, started by a program that is linked to what the test wants. */
int Py_BytesMain(int count, char **arguments);

int main(int count, char **arguments)
{
    return Py_BytesMain(count, arguments);
}
